/* post_op.h - functions of each number alone, run on numbers that have just been written
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

#define DP_POST_STEPS 2 /* a sum, then an activation or the gradient of one */

/* For the numbers of an array v, one after the other: y, where it is given, lies as v does. */
typedef struct dp_post_op {
    float *v;
    int n_steps;
    struct dp_post_step {
        dp_elementwise *f;
        const float *y;
    } steps[DP_POST_STEPS];
} dp_post_op;

static inline void dp_post_op_then(dp_post_op *op, dp_elementwise *f, const float *y)
{
    op->steps[op->n_steps++] = (struct dp_post_step){f, y};
}

/* On the n numbers of v from `first` on. */
static inline void dp_post_op_run(const dp_post_op *op, const dp_kernels *k, int64_t first,
                                  int64_t n)
{
    for (const struct dp_post_step *s = op->steps; s < op->steps + op->n_steps; s++)
        s->f(k, n, s->y != NULL ? s->y + first : NULL, op->v + first);
}

/* On all numbers of n samples. */
void dp_post_op_run_all(const dp_post_op *, const dp_math_run *, int64_t sample_size);

#endif
