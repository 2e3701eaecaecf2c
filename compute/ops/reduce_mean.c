/* reduce_mean.c - the mean over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/reduce_each.h"

#define MEAN(sum, count) ((sum) / (count))
DP_REDUCE_FLOATS(0.0, dp_sum_add, dp_sum_end, row_sum, column_sum, MEAN)

static const dp_reducer reducers[] = {
    DP_REDUCER_FLOATS(dp_tree_sum),
};

DP_REDUCE_RUNS(reducers)

static void gradient(int64_t n, const float *dy, int64_t step, const float *x, int64_t count,
                     float *dx)
{
    (void)x;
    for (int64_t i = 0; i < n; i++)
        dx[i] = (float)((double)dy[step != 0 ? i : 0] / (double)count);
}

static dp_status run_backward(const void *params, const dp_op_run_args *a, dp_error *err)
{
    (void)err;
    dp_reduce_run_backward(params, gradient, a);
    return DP_OK;
}

const dp_operator dp_operator_reduce_mean = {
    .info = {{"operator", "reduce_mean", "the mean over axes", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceMeanD",
             dp_reduce_order,
             {{"x", "y"}, {"dy,x", "dx"}}},
    .part = {{plan, run, "reduce_mean axis=0,2", {DP_FLOATS(3, 7, 5, 37)}},
             {dp_reduce_plan_backward,
              run_backward,
              "reduce_mean axis=0,2",
              {DP_FLOATS(1, 5), DP_FLOATS(3, 7, 5, 37)}}},
};
