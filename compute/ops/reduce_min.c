/* reduce_min.c - the smallest element over axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define EXTREME(a, b) ((a) < (b) ? (a) : (b))
#define NAN_KEY       INT32_MIN
#define FIRST_I32     INT32_MAX
#define FIRST_U8      UINT8_MAX
#define FIRST_I8      INT8_MAX
#define ROW           row_min
#include "compute/ops/reduce_extreme.h"

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
