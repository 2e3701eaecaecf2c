/* reduce_any.c - whether one element is true, over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/reduce_each.h"

#define EITHER(a, b) ((a) | (b))
#define TRUTH(v)     ((v) != 0)
#define SAME(v)      (v)
DP_REDUCE_WORDS(truth, uint8_t, uint8_t, 0, TRUTH, EITHER, SAME)

static const dp_reducer reducers[] = {
    DP_REDUCER_WORDS(truth, DP_BOOL, NULL),
};

DP_REDUCE_RUNS(reducers)

const dp_operator dp_operator_reduce_any = {
    .info = {{"operator", "reduce_any", "whether one is true, over axes", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceAnyD",
             "free: and, or",
             {{"x", "y"}}},
    .part = {{plan, run, "reduce_any axis=1", {DP_TRUTHS(2, 9, 3)}}},
};
