/* random_adjust_sharpness.c - a fixed sharpness, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_adjust_sharpness {
    DP_RANDOM_PARAMS;
    double prob;
    double degree;
} random_adjust_sharpness;

static const dp_param params[] = {
    DP_COLUMN(random_adjust_sharpness),
    DP_NUMBER(random_adjust_sharpness, degree, NULL, 0, 1000, "0 is smooth, 1 changes nothing"),
    DP_PROB(random_adjust_sharpness),
    DP_RANDOM_ORDER(random_adjust_sharpness),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_adjust_sharpness *p = params_;

    if (draws[0] != 0)
        dp_adjust_sharpness(p->degree, in, out);
    else
        dp_copy(in, out);
}

static bool fixed(const dp_fixing *f)
{
    return f->draws[0] == 0 || dp_fix(f, "adjust_sharpness sharpness_factor={degree}");
}

const dp_transform dp_transform_random_adjust_sharpness = {
    .info = {"transform", "random_adjust_sharpness", "sharpen or smooth with a probability", 1,
             sizeof(random_adjust_sharpness), params},
    .foreign = "RandomAdjustSharpness degree prob workers unread",
    .plan = dp_plan_color,
    .apply = apply,
    .draw = dp_draw_chance,
    .drawn = "applied",
    .replay = dp_replay_chance,
    .replays_any_shape = true,
    .fixed = fixed,
};
