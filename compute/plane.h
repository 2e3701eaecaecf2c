/* plane.h - images with zeros all around
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_PLANE_H
#define COMPUTE_PLANE_H

#include <stdint.h>
#include <string.h>

/* Images of height x width floats, one after the other; wherever else one reads there is +0. */
typedef struct dp_plane {
    const float *src;
    int64_t height, width;
} dp_plane;

/* The n floats of an image from row y, column x on. */
static inline void dp_plane_read(const dp_plane *p, int64_t image, int64_t y, int64_t x, int64_t n,
                                 float *dst)
{
    const int64_t from = x > 0 ? x : 0, to = x + n < p->width ? x + n : p->width;
    const float *row = p->src + (image * p->height + y) * p->width;

    if (y < 0 || y >= p->height || from >= to) {
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
