/* pass.h - several transforms as one pass over the pixels, with the same bits
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Transforms that move whole pixels (crop, pad, flips), then those that change each value by itself
 * (rescale, normalize, ...), then perhaps hwc2chw: together they say for each place of the result
 * which pixel it is from, and for each of the 256 bytes what it becomes.  The second is a table,
 * which is filled by the transforms themselves, so they stay the specification.
 */
#ifndef TRANSFORMS_PASS_PASS_H
#define TRANSFORMS_PASS_PASS_H

#include "base/cpu.h"
#include "transforms/shared/transform.h"

#define DP_PASS_CHANNELS 4

/* A transform fitted to its input, with the place of its numbers among those of a row. */
typedef struct dp_pass_part {
    const dp_transform *transform;
    const void *params;
    uint32_t draws;
    dp_tensor in, out;
} dp_pass_part;

typedef struct dp_pass dp_pass;

#if defined(__x86_64__)
/* Pixels of three bytes from the last one back, all but one to five of them; how many. */
int32_t dp_pass_mirror_avx2(const uint8_t *last, int32_t n, uint8_t *dst);
#endif

/* How many of the parts, from the first on, make a pass: 0 when it would not pay. */
uint32_t dp_pass_length(const dp_pass_part *, uint32_t n);

dp_status dp_pass_plan(dp_pass **out, const dp_pass_part *, uint32_t n, dp_cpu_level, dp_arena *,
                       dp_error *);

/* Whether it would rather have its input as planes <C,H,W>, which it is given from then on. */
bool dp_pass_wants_planes(const dp_pass *);
void dp_pass_take_planes(dp_pass *);

/* Its result is not read before many others were made. */
void dp_pass_leave_caches(dp_pass *);

/* draws: the numbers of the row. */
void dp_pass_run(const dp_pass *, const double *draws, const void *in, void *out);

#endif
