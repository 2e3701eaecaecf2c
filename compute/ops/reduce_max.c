/* reduce_max.c - the largest element over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define EXTREME(a, b) ((a) > (b) ? (a) : (b))
#define NAN_KEY       INT32_MAX
#define FIRST_I32     INT32_MIN
#define FIRST_U8      0
#define FIRST_I8      INT8_MIN
#define ROW           row_max
#include "compute/ops/reduce_extreme.h"

static const float ties[] = {2, -1, 0.5f, 2, -3, -0.0f, 1, -1, 0.5f, 2, -1, 0.25f};
static const float tied[] = {2, -1, 0.5f};

const dp_operator dp_operator_reduce_max = {
    .info = {{"operator", "reduce_max", "the largest over axes; NaN wins", 1, sizeof(dp_reduce),
              dp_reduce_params},
             "ReduceMaxD",
             "free: integers of the numbers' order (-0 < +0, NaN past all) are compared",
             {{"x", "y"}, {"dy,x,y", "dx"}}},
    .part = {{plan, run, "reduce_max axis=0,2", {DP_FLOATS(3, 7, 5, 37)}},
             {dp_reduce_plan_backward,
              dp_reduce_share_backward,
              "reduce_max axis=0",
              {DP_FLOATS(1, 3), DP_GIVEN(ties, DP_F32, 2, 4, 3), DP_GIVEN(tied, DP_F32, 1, 3)}}},
};
