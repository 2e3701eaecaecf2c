/* random_sharpness.c - sharpened or smoothed by a random amount
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef dp_strength random_sharpness;

static const dp_param params[] = {
    DP_COLUMN(random_sharpness),
    DP_NUMBERS(random_sharpness, degrees, "0.1,1.9", 0, 1000,
               "least,most factor; 1 changes nothing"),
    DP_RANDOM_ORDER(random_sharpness),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_sharpness *p = params_;
    const dp_status status = dp_number_range("degrees", &p->degrees, p->range, err);

    (void)out, (void)arena;
    return status != DP_OK ? status : dp_check_color(in, 0, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_adjust_sharpness(draws[0], in, out);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_sharpness *p = params_;

    draws[0] =
        dp_replay_about(engine, p->range[0], p->range[1], (float)p->range[1] - (float)p->range[0]);
}

static bool fixed(const dp_fixing *f)
{
    return dp_fix(f, "adjust_sharpness sharpness_factor={factor}");
}

const dp_transform dp_transform_random_sharpness = {
    .info = {"transform", "random_sharpness", "sharpen or smooth by a random amount", 1,
             sizeof(random_sharpness), params},
    .foreign = "RandomSharpness degrees:range workers",
    .plan = plan,
    .apply = apply,
    .draw = dp_draw_strength,
    .drawn = "factor",
    .replay = replay,
    .replays_any_shape = true,
    .fixed = fixed,
};
