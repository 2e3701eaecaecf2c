/* square_sum.c - the sum of squares over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/reduce_each.h"

#define SAME(sum, count) (sum)
DP_REDUCE_FLOATS(0.0, dp_square_add, dp_sum_end, row_square, column_square, SAME)

static const dp_reducer reducers[] = {
    DP_REDUCER_FLOATS(dp_tree_sum),
};

DP_REDUCE_RUNS(reducers)

static void gradient(int64_t n, const float *dy, int64_t step, const float *x, int64_t count,
                     float *dx)
{
    (void)count;
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[step != 0 ? i : 0] * (2.0f * x[i]);
}

static dp_status run_backward(const void *params, const dp_op_run_args *a, dp_error *err)
{
    (void)err;
    dp_reduce_run_backward(params, gradient, a);
    return DP_OK;
}

const dp_operator dp_operator_square_sum = {
    .info = {{"operator", "square_sum", "the sum of squares over axes", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "SquareSumV1,SquareSumAll",
             dp_reduce_order,
             {{"x", "y"}, {"dy,x", "dx"}}},
    .part = {{plan, run, "square_sum axis=0,2", {DP_FLOATS(3, 7, 5, 37)}},
             {dp_reduce_plan_backward,
              run_backward,
              "square_sum axis=0,2",
              {DP_FLOATS(1, 5), DP_FLOATS(3, 7, 5, 37)}}},
};
