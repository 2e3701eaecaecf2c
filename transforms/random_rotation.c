/* random_rotation.c - the image turned about its middle by a random angle
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/affine.h"
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_rotation {
    DP_RANDOM_PARAMS;
    dp_numbers degrees;
    int32_t resample;
    dp_ints fill_value;
    double range[2];
} random_rotation;

static const dp_param params[] = {
    DP_COLUMN(random_rotation),
    DP_NUMBERS(random_rotation, degrees, NULL, -720, 720, "least,most; d stands for -d,d"),
    DP_CHOICE(random_rotation, resample, "nearest", "linear,nearest", "how pixels are mixed"),
    DP_INTS(random_rotation, fill_value, "0", 0, 255, "of what lies outside"),
    DP_RANDOM_ORDER(random_rotation),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_rotation *p = params_;
    dp_status status = dp_number_range("degrees", &p->degrees, p->range, err);

    (void)out, (void)arena;
    if (status == DP_OK && p->fill_value.n != 1 && p->fill_value.n != 3)
        status = dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers");
    return status != DP_OK ? status : dp_check_color(in, 0, err);
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_rotation *p = params_;

    draws[0] = dp_draw_between(place, p->range[0], p->range[1]);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_rotation *p = params_;
    const float range = (float)p->range[1] - (float)p->range[0];

    draws[0] = dp_replay_about(engine, p->range[0], p->range[1], range > 360 ? 360 : range);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_rotation *p = params_;
    const dp_affine back = dp_affine_back(draws[0], 1, ((double)in->shape[1] - 1) / 2,
                                          ((double)in->shape[0] - 1) / 2, 0, 0);

    dp_affine_run(&back, p->resample == 0, &p->fill_value, in, out);
}

static bool fixed(const dp_fixing *f)
{
    return dp_fix(f, "rotate degree={degree} resample={resample} fill_value={fill_value}");
}

const dp_transform dp_transform_random_rotation = {
    .info = {"transform", "random_rotation", "turn the image by a random angle", 2,
             sizeof(random_rotation), params},
    .foreign = "RandomRotation degrees:range resample=linear,nearest expand!false center![] "
               "fill_value:reversed workers",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "degree",
    .replay = replay,
    .replays_any_shape = true,
    .fixed = fixed,
};
