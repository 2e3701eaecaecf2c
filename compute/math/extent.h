/* extent.h - the size of what a sample is between two layers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_EXTENT_H
#define COMPUTE_MATH_EXTENT_H

#include <stddef.h>
#include <stdint.h>

typedef struct dp_extent {
    int64_t channels, height, width;
} dp_extent;

/* The floats of n samples, at most: more is refused, so that no product of sizes overflows. */
#define DP_MAX_FLOATS ((int64_t)1 << 40)

static inline int64_t dp_extent_size(const dp_extent *e)
{
    return e->channels * e->height * e->width;
}

static inline size_t dp_max_size(size_t a, size_t b) { return a > b ? a : b; }

#endif
