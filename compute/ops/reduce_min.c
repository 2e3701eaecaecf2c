/* reduce_min.c - the smallest element over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/number/total_order.h"
#include "compute/ops/reduce_each.h"

#define KEY(v)        dp_order_key(v, INT32_MIN)
#define NUMBER(k)     dp_order_number(k, INT32_MIN)
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#define SAME(v)       (v)
DP_REDUCE_WORDS(f32, float, int32_t, INT32_MAX, KEY, SMALLER, NUMBER)
DP_REDUCE_WORDS(i32, int32_t, int32_t, INT32_MAX, SAME, SMALLER, SAME)
DP_REDUCE_WORDS(u8, uint8_t, uint8_t, UINT8_MAX, SAME, SMALLER, SAME)
DP_REDUCE_WORDS(i8, int8_t, int8_t, INT8_MAX, SAME, SMALLER, SAME)

#define STORE(v, count, y) (*(y) = (float)(v))
DP_REDUCE_BY_ROWS(row_min, STORE)

static const dp_reducer reducers[] = {
    DP_REDUCER_WORDS(f32, DP_F32, rows),
    DP_REDUCER_WORDS(i32, DP_I32, NULL),
    DP_REDUCER_WORDS(u8, DP_U8, NULL),
    DP_REDUCER_WORDS(i8, DP_I8, NULL),
};

DP_REDUCE_RUNS(reducers)

static const float ties[] = {-2, 1, -0.5f, -2, 3, -0.0f, -1, 1, -0.5f, -2, 1, -0.25f};
static const float tied[] = {-2, 1, -0.5f};

const dp_operator dp_operator_reduce_min = {
    .info = {{"operator", "reduce_min", "the smallest over axes; NaN wins", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceMinD",
             "free: integers of the numbers' order (-0 < +0, NaN past all) are compared",
             {{"x", "y"}, {"dy,x,y", "dx"}}},
    .part = {{plan, run, "reduce_min axis=0,2", {DP_FLOATS(3, 7, 5, 37)}},
             {dp_reduce_plan_backward,
              dp_reduce_share_backward,
              "reduce_min axis=0",
              {DP_FLOATS(1, 3), DP_GIVEN(ties, DP_F32, 2, 4, 3), DP_GIVEN(tied, DP_F32, 1, 3)}}},
};
