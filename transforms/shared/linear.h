/* linear.h - linear resampling of uint8, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_LINEAR_H
#define TRANSFORMS_SHARED_LINEAR_H

#include "transforms/shared/resample.h"

#define DP_LINEAR_ROW 8192 /* elements of a row of the result that linear.c takes, at most */
void dp_linear_rows(const dp_resample *, const void *src, const dp_tensor *out,
                    const dp_picture_part *, dp_cpu_level);

/* How a row is resampled across, in fours of elements, where the bytes of each four are near: those
 * of sixteen from `from` on that each element is mixed of, left and right, each at the head of a
 * word (0x80 = a zero byte), and their weights. */
#define DP_LINEAR_FOURS (DP_LINEAR_ROW / 4 + 4)
typedef struct dp_linear_plan {
    int64_t n; /* fours, a multiple of four: elements behind the last are any */
    int32_t from[DP_LINEAR_FOURS];
    uint8_t places[DP_LINEAR_FOURS][16];
    int16_t weights[DP_LINEAR_FOURS][8];
} dp_linear_plan;

typedef struct dp_linear_kernels {
    void (*across)(const dp_linear_plan *, const uint8_t *row, int16_t *out);
    /* Bytes of two rows that were resampled across, from the first on; how many. */
    int64_t (*down)(const int16_t *top, const int16_t *low, const int32_t fixed[2], int64_t n,
                    uint8_t *out);
} dp_linear_kernels;

/* The kernels of an instruction set; NULL = there are none. */
const dp_linear_kernels *dp_linear_kernels_get(dp_cpu_level);
extern const dp_linear_kernels dp_linear_avx2, dp_linear_avx512, dp_linear_neon;

#if defined(__x86_64__)
/* Three channels, of columns from the first on, all but those at the end that take the last source
 * column; how many.  Writes one element behind them, too. */
int64_t dp_linear_across_sse2(const dp_taps *, int64_t n, const uint8_t *row, int16_t *out);
#endif

#endif
