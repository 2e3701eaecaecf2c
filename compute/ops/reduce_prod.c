/* reduce_prod.c - the product over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/reduce_each.h"

#define SAME(product, count) (product)
DP_REDUCE_FLOATS(1.0, dp_product_add, dp_product_end, row_product, column_product, SAME)

#define MULTIPLY(a, b) ((a) * (b))
#define WORD(v)        ((uint32_t)(v))
#define BACK(w)        ((int32_t)(w))
DP_REDUCE_WORDS(i32, int32_t, uint32_t, 1, WORD, MULTIPLY, BACK)

static const dp_reducer reducers[] = {
    DP_REDUCER_FLOATS(dp_tree_product),
    DP_REDUCER_WORDS(i32, DP_I32, NULL),
};

DP_REDUCE_RUNS(reducers)

typedef struct spread {
    const dp_reduce *p;
    const float *dy, *x;
    float *dx;
} spread;

/* The product of the others: of all numbers but zeros, in their order, divided by this one. */
static void spread_one(void *ctx, uint64_t index)
{
    const spread *s = ctx;
    const dp_axes *reduced = &s->p->reduced;
    const int64_t first = dp_axes_at(&s->p->kept, (int64_t)index);
    double product = 1.0;
    int64_t zeros = 0;

    for (int64_t i = 0; i < reduced->count; i++) {
        const float v = s->x[first + dp_axes_at(reduced, i)];
        zeros += v == 0.0f;
        product *= v == 0.0f ? 1.0 : (double)v;
    }
    for (int64_t i = 0; i < reduced->count; i++) {
        const int64_t at = first + dp_axes_at(reduced, i);
        const float v = s->x[at];
        const bool reached = zeros == (v == 0.0f);
        const double others = v == 0.0f ? product : product / (double)v;
        s->dx[at] = reached ? (float)((double)s->dy[index] * others) : 0.0f;
    }
}

static dp_status run_backward(const void *params, const dp_op_run_args *a, dp_error *err)
{
    spread s = {params, a->in[0].data, a->in[1].data, a->out[0].data};

    (void)err;
    dp_workers_run(a->workers, (uint64_t)s.p->kept.count, spread_one, &s);
    return DP_OK;
}

const dp_operator dp_operator_reduce_prod = {
    .info = {{"operator", "reduce_prod", "the product over axes; int32 wraps", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceProdD",
             dp_reduce_order,
             {{"x", "y"}, {"dy,x", "dx"}}},
    .part = {{plan, run, "reduce_prod axis=0,2", {DP_FLOATS(3, 7, 5, 37)}},
             {dp_reduce_plan_backward,
              run_backward,
              "reduce_prod axis=0,2",
              {DP_FLOATS(1, 5), DP_FLOATS(3, 2, 5, 3)}}},
};
