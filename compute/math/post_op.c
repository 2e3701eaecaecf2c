/* post_op.c - functions of each number alone, on a whole array
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/post_op.h"

typedef struct pass {
    const dp_post_op *op;
    const dp_kernels *kernels;
    int64_t size;
} pass;

static void run_sample(void *ctx, uint64_t sample)
{
    const pass *p = ctx;
    dp_post_op_run(p->op, p->kernels, (int64_t)sample * p->size, p->size);
}

void dp_post_op_run_all(const dp_post_op *op, const dp_math_run *r, int64_t sample_size)
{
    pass p = {op, r->kernels, sample_size};
    if (op->n_steps > 0)
        dp_workers_run(r->workers, (uint64_t)r->n, run_sample, &p);
}
