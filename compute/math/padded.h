/* padded.h - volumes of images with zeros all around
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_PADDED_H
#define COMPUTE_MATH_PADDED_H

#include <stdint.h>
#include <string.h>

/* Volumes of depth x height x width floats, one after the other; wherever else one reads there is
 * +0. */
typedef struct dp_padded {
    const float *src;
    int64_t depth, height, width;
} dp_padded;

static inline const float *dp_padded_row(const dp_padded *p, int64_t volume, int64_t z, int64_t y)
{
    return p->src + ((volume * p->depth + z) * p->height + y) * p->width;
}

/* The n floats of a volume from plane z, row y, column x on. */
static inline void dp_padded_read(const dp_padded *p, int64_t volume, int64_t z, int64_t y,
                                  int64_t x, int64_t n, float *dst)
{
    const int64_t from = x > 0 ? x : 0, to = x + n < p->width ? x + n : p->width;
    const float *row = dp_padded_row(p, volume, z, y);

    if (z < 0 || z >= p->depth || y < 0 || y >= p->height || from >= to) {
        memset(dst, 0, sizeof *dst * (size_t)n);
        return;
    }
    memcpy(dst + (from - x), row + from, sizeof *dst * (size_t)(to - from));
    if (to - from < n) {
        memset(dst, 0, sizeof *dst * (size_t)(from - x));
        memset(dst + (to - x), 0, sizeof *dst * (size_t)(x + n - to));
    }
}

#endif
