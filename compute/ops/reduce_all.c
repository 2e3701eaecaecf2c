/* reduce_all.c - whether all elements are true, over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/reduce_each.h"

#define BOTH(a, b) ((a) & (b))
#define TRUTH(v)   ((v) != 0)
#define SAME(v)    (v)
DP_REDUCE_WORDS(truth, uint8_t, uint8_t, 1, TRUTH, BOTH, SAME)

static const dp_reducer reducers[] = {
    DP_REDUCER_WORDS(truth, DP_BOOL, NULL),
};

DP_REDUCE_RUNS(reducers)

const dp_operator dp_operator_reduce_all = {
    .info = {{"operator", "reduce_all", "whether all are true, over axes", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceAllD",
             "free: and, or",
             {{"x", "y"}}},
    .part = {{plan, run, "reduce_all axis=1", {DP_TRUTHS(2, 9, 3)}}},
};
