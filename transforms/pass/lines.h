/* lines.h - lines of bytes to lines of floats, in planes
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a pass does when its result is planes and its values are ((v * a + b) - m) / s.  Sixteen
 * neighbours of the result are from sixteen of the input, in whatever order: one shuffle moves
 * them, as crops, pads and flips in any number would.
 */
#ifndef TRANSFORMS_PASS_LINES_H
#define TRANSFORMS_PASS_LINES_H

#include "base/cpu.h"
#include "transforms/pass/pass.h"

#define DP_CHUNK 16 /* pixels */

/* What the bytes of a plane become: one fused multiply-add, then each step rounded; r = 1 / s.
 * The division is q = u * r, corrected by q + (u - q * s) * r: right for the bytes for which it
 * has been tried. */
struct dp_value {
    float a, b, m, s, r;
    float around; /* the result where there is no pixel */
};

/* Sixteen columns from x on: bytes of the sixteen from `from` on, each at the head of a word of
 * `places` (0x80 = a zero byte); outside: all ones where there is no pixel. */
struct dp_chunk {
    int32_t x, from;
    uint8_t places[4 * DP_CHUNK];
    uint32_t outside[DP_CHUNK];
};

struct dp_lines {
    bool streams;        /* the result is written past the caches, in whole lines of them */
    const int32_t *rows; /* of the input, -1 = around */
    int32_t height, width, width_in;
    int32_t n_chunks; /* they may overlap */
    struct dp_chunk chunks[DP_PASS_SIDE / DP_CHUNK];
};

typedef struct dp_line_kernels {
    void (*lines)(const struct dp_lines *, const struct dp_value *, const uint8_t *plane,
                  float *dst);
    /* Pixels of three channels into three planes, all but the last n % 16; how many. */
    int32_t (*split)(const uint8_t *pixels, int32_t n, uint8_t *const planes[3]);
} dp_line_kernels;

/* The kernels of an instruction set; NULL = there are none. */
const dp_line_kernels *dp_line_kernels_get(dp_cpu_level);

/* Whether the widths allow it at all; and whether columns do, which makes the chunks. */
bool dp_lines_wide(int64_t width_in, int64_t width);
bool dp_lines_fit(struct dp_lines *, const dp_places *, int32_t width_in);

/* An image of 1 or 3 channels, as planes of height_in rows or interleaved, into planes.  The lines
 * are as they were, afterwards. */
void dp_lines_run(const dp_line_kernels *, struct dp_lines *, const struct dp_value *,
                  int32_t channels, int32_t height_in, bool planes, const uint8_t *in, float *out);

/* Whether what fits is written past the caches: images that are large, none of which is read again
 * before many others were made.  Otherwise each line of it would be read before it is written. */
bool dp_lines_stream(const struct dp_lines *, int32_t channels, const float *out);

extern const dp_line_kernels dp_line_kernels_avx2, dp_line_kernels_avx512, dp_line_kernels_neon;
#if defined(__x86_64__)
int32_t dp_split_avx2(const uint8_t *pixels, int32_t n, uint8_t *const planes[3]);
#endif

#endif
