/* reduce.h - what the reduce_ operators share: which axes, and the walk over them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_REDUCE_H
#define COMPUTE_OPS_REDUCE_H

#include "compute/ops/operator.h"
#include "compute/sums/lanes.h"

/* Axes that stand beside each other and are all reduced or all kept are one; the kept ones and the
 * reduced ones, each from the outermost in, with their steps in elements. */
typedef struct dp_axes {
    int32_t n;
    int64_t size[DP_MAX_RANK], step[DP_MAX_RANK];
    int64_t count;
} dp_axes;

typedef struct dp_reduce {
    dp_ints axis;
    bool keep_dims;
    dp_axes kept, reduced;
    int64_t inner; /* kept elements beside each other: 1 = the innermost axis is reduced */
} dp_reduce;

extern const dp_param dp_reduce_params[];
extern const char dp_reduce_order[]; /* of floats */

/* Sixteen of whatever, where the order is free. */
typedef union dp_accumulator {
    dp_lanes lanes;
    int32_t i[DP_LANES];
} dp_accumulator;

/* How one kind is computed for one dtype. */
typedef struct dp_reducer {
    dp_dtype dtype; /* of x and of y */
    /* Reduced elements beside each other, in pieces in their order, into *out. */
    void (*begin)(dp_accumulator *, const dp_kernels *);
    void (*add)(dp_accumulator *, const void *x, int64_t n);
    void (*end)(dp_accumulator *, int64_t count, void *out);
    /* Of long runs, block by block on several threads: a block's result, TREE of them, and the
     * element; NULL where the order is free. */
    double (*close)(dp_accumulator *);
    double (*tree)(double *, int64_t n);
    void (*store)(double, int64_t count, void *out);
    /* Rows of n numbers, of one block, that lie one after another; NULL: one by one. */
    void (*rows)(const dp_kernels *, int64_t rows, int64_t n, const void *x, void *out);
    /* Kept elements beside each other: each has its own 8 bytes.  add_each: rows of reduced
     * elements, `stride` elements apart. */
    void (*begin_each)(void *sums, int64_t n);
    void (*add_each)(const dp_kernels *, void *sums, const void *x, int64_t rows, int64_t stride,
                     int64_t n);
    void (*end_each)(const void *sums, int64_t n, int64_t count, void *out);
} dp_reducer;

/* The reducer for the input's dtype among n; NULL and DP_EINVAL when there is none. */
dp_status dp_reduce_plan(dp_reduce *, const dp_reducer *, size_t n, dp_op_plan *, dp_error *);
void dp_reduce_run(const dp_reduce *, const dp_reducer *, size_t n, const dp_op_run_args *);

/* Backward: dx of the type of x, each element from those of its output. */
dp_status dp_reduce_plan_backward(void *params, dp_op_plan *, dp_error *);

/* Backward of n elements beside each other: dx[i] from x[i] and dy[i], or, where step is 0 and not
 * 1, dy[0]; count: the elements of an output. */
typedef void dp_reduce_gradient(int64_t n, const float *dy, int64_t step, const float *x,
                                int64_t count, float *dx);
void dp_reduce_run_backward(const dp_reduce *, dp_reduce_gradient *, const dp_op_run_args *);

/* Backward of those that are one of their elements: dy in equal parts to all that are y. */
dp_status dp_reduce_share_backward(const void *params, const dp_op_run_args *, dp_error *);

/* Element number i of the axes: its distance from the first. */
int64_t dp_axes_at(const dp_axes *, int64_t i);

#endif
