/* lanes.h - LANE64: the sum (or product) of numbers that lie one after another (docs/numerics.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sixteen binary64 lanes; lane j takes the numbers i with i % 16 = j in ascending order.  Then
 * lane_j and lane_(j + w) become one for w = 8, 4, 2, 1.  After 65,536 numbers the next block
 * begins; the blocks' results are combined by TREE.  Numbers may come in pieces.
 */
#ifndef COMPUTE_SUMS_LANES_H
#define COMPUTE_SUMS_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include "compute/kernels/kernels.h"
#include "compute/sums/tree.h"

#define DP_LANES      16
#define DP_LANE_BLOCK 65536

typedef struct dp_lanes {
    const dp_kernels *kernels;
    double lane[DP_LANES];
    int64_t n, blocks; /* numbers in the block; whole blocks before it */
    double tree[DP_TREE_LEVELS];
    int32_t depth;
} dp_lanes;

void dp_lanes_begin(dp_lanes *, const dp_kernels *, double start);
double dp_sum_end(dp_lanes *);
double dp_product_end(dp_lanes *);

/* n more numbers; their squares; their products with y, which are exact. */
void dp_sum_add(dp_lanes *, const float *x, int64_t n);
void dp_square_add(dp_lanes *, const float *x, int64_t n);
void dp_dot_add(dp_lanes *, const float *x, const float *y, int64_t n);
void dp_product_add(dp_lanes *, const float *x, int64_t n);

#endif
