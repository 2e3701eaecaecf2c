/* post_op.h - a function of each number alone, run on numbers that have just been written
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * While they are still in the cache: a pass of its own would wait for memory.
 */
#ifndef COMPUTE_MATH_POST_OP_H
#define COMPUTE_MATH_POST_OP_H

#include "compute/math/run.h"

/* v[i] = f(v[i], y[i]); y may be NULL when f does not ask for it. */
typedef void dp_elementwise(const dp_kernels *, int64_t n, const float *y, float *v);

/* For the numbers of an array v: y, where it is given, lies as v does.  f NULL: nothing is done. */
typedef struct dp_post_op {
    dp_elementwise *f;
    float *v;
    const float *y;
} dp_post_op;

/* On the n numbers of v from `first` on. */
static inline void dp_post_op_run(const dp_post_op *op, const dp_kernels *k, int64_t first,
                                  int64_t n)
{
    if (op->f != NULL)
        op->f(k, n, op->y != NULL ? op->y + first : NULL, op->v + first);
}

/* On all numbers of n samples. */
void dp_post_op_run_all(const dp_post_op *, const dp_math_run *, int64_t sample_size);

#endif
