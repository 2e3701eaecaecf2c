/* random_affine.c - the image turned, moved and scaled at random
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native draws: the angle; whole pixels right and down, uniform over -m..m for m = translate times
 * the width or height, rounded down; the scale.
 */
#include "transforms/shared/affine.h"
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_affine {
    DP_RANDOM_PARAMS;
    dp_numbers degrees, translate, scale;
    int32_t resample;
    dp_ints fill_value;
    double angle[2];
    uint32_t most[2]; /* pixels right or left, down or up */
} random_affine;

static const dp_param params[] = {
    DP_COLUMN(random_affine),
    DP_NUMBERS(random_affine, degrees, NULL, -360, 360, "least,most; d stands for -d,d"),
    DP_NUMBERS(random_affine, translate, "0,0", 0, 1, "most, of the width and of the height"),
    DP_NUMBERS(random_affine, scale, "1,1", 0.01, 100, "least,most"),
    DP_CHOICE(random_affine, resample, "nearest", "linear,nearest", "how pixels are mixed"),
    DP_INTS(random_affine, fill_value, "0", 0, 255, "of what lies outside"),
    DP_RANDOM_ORDER(random_affine),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_affine *p = params_;
    dp_status status = dp_number_range("degrees", &p->degrees, p->angle, err);

    (void)out, (void)arena;
    if (status == DP_OK)
        status = dp_check_color(in, 0, err);
    if (status == DP_OK && (p->translate.n != 2 || p->scale.n != 2))
        status = dp_fail(err, DP_ESPEC, "translate and scale take two numbers each");
    if (status == DP_OK && p->scale.v[0] > p->scale.v[1])
        status = dp_fail(err, DP_ESPEC, "scale goes from the smaller to the larger");
    if (status == DP_OK && p->fill_value.n != 1 && p->fill_value.n != 3)
        status = dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers");
    for (int d = 0; d < 2 && status == DP_OK; d++)
        p->most[d] = (uint32_t)(p->translate.v[d] * (double)in->type.shape[1 - d]);
    return status;
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_affine *p = params_;

    draws[0] = dp_draw_between(place, p->angle[0], p->angle[1]);
    for (int d = 0; d < 2; d++)
        draws[1 + d] = (double)dp_rng_below(&place->rng, 2 * p->most[d] + 1) - (double)p->most[d];
    draws[3] = dp_draw_between(place, p->scale.v[0], p->scale.v[1]);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_affine *p = params_;
    const dp_affine back = dp_affine_back(draws[0], draws[3], ((double)in->shape[1] - 1) / 2,
                                          ((double)in->shape[0] - 1) / 2, draws[1], draws[2]);

    dp_affine_run(&back, p->resample == 0, &p->fill_value, in, out);
}

const dp_transform dp_transform_random_affine = {
    .info = {"transform", "random_affine", "turn, move and scale the image at random", 2,
             sizeof(random_affine), params},
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "degree,right,down,scale",
};
