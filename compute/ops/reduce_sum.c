/* reduce_sum.c - the sum over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/reduce_each.h"

#define SAME(sum, count) (sum)
DP_REDUCE_FLOATS(0.0, dp_sum_add, dp_sum_end, row_sum, column_sum, SAME)

#define ADD(a, b) ((a) + (b))
#define WORD(v)   ((uint32_t)(v))
#define BACK(w)   ((int32_t)(w))
DP_REDUCE_WORDS(i32, int32_t, uint32_t, 0, WORD, ADD, BACK)

static const dp_reducer reducers[] = {
    DP_REDUCER_FLOATS(dp_tree_sum),
    DP_REDUCER_WORDS(i32, DP_I32, NULL),
};

DP_REDUCE_RUNS(reducers)

static void gradient(int64_t n, const float *dy, int64_t step, const float *x, int64_t count,
                     float *dx)
{
    (void)x, (void)count;
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[step != 0 ? i : 0];
}

static dp_status run_backward(const void *params, const dp_op_run_args *a, dp_error *err)
{
    (void)err;
    dp_reduce_run_backward(params, gradient, a);
    return DP_OK;
}

const dp_operator dp_operator_reduce_sum = {
    .info = {{"operator", "reduce_sum", "the sum over axes; int32 wraps", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceSumD",
             dp_reduce_order,
             {{"x", "y"}, {"dy,x", "dx"}}},
    .part = {{plan, run, "reduce_sum axis=0,2", {DP_FLOATS(3, 7, 5, 37)}},
             {dp_reduce_plan_backward,
              run_backward,
              "reduce_sum axis=0,2",
              {DP_FLOATS(1, 5), DP_FLOATS(3, 7, 5, 37)}}},
};
