/* random_affine.c - the image turned, moved and scaled at random
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native draws: the angle; pixels right and down, of two numbers of translate whole ones, uniform
 * over -m..m for m = translate times the width or height, rounded down; the scale; both shears.
 */
#include "transforms/shared/affine.h"
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_affine {
    DP_RANDOM_PARAMS;
    dp_numbers degrees, translate, scale;
    int32_t resample;
    dp_ints fill_value;
    dp_numbers shear;
    double angle[2], slant[2][2]; /* least, most; slant of x, then y */
    float shift[2][2];            /* pixels */
} random_affine;

static const dp_param params[] = {
    DP_COLUMN(random_affine),
    DP_NUMBERS(random_affine, degrees, NULL, -360, 360, "least,most; d stands for -d,d"),
    DP_NUMBERS(random_affine, translate, "0,0", -1, 1,
               "most share of width,height; or least,most of width, then of height"),
    DP_NUMBERS(random_affine, scale, "1,1", 0.01, 100, "least,most"),
    DP_CHOICE(random_affine, resample, "nearest", "linear,nearest", "how pixels are mixed"),
    DP_INTS(random_affine, fill_value, "0", 0, 255, "of what lies outside"),
    DP_RANDOM_ORDER(random_affine),
    DP_LATER_NUMBERS(random_affine, shear, "0,0", -180, 180,
                     "least,most degrees across, then down"),
    DP_PARAMS_END,
};

static dp_status check_ranges(const random_affine *p, dp_error *err)
{
    if ((p->translate.n != 2 && p->translate.n != 4) || p->scale.n != 2)
        return dp_fail(err, DP_ESPEC, "translate takes two or four numbers, scale two");
    if (p->translate.n == 2 && (p->translate.v[0] < 0 || p->translate.v[1] < 0))
        return dp_fail(err, DP_ESPEC, "two numbers of translate are shares from 0 to 1");
    if (p->shear.n != 2 && p->shear.n != 4)
        return dp_fail(err, DP_ESPEC, "shear takes two or four numbers");
    if (p->scale.v[0] > p->scale.v[1])
        return dp_fail(err, DP_ESPEC, "scale goes from the smaller to the larger");
    if (p->fill_value.n != 1 && p->fill_value.n != 3)
        return dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers");
    return DP_OK;
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_affine *p = params_;
    dp_status status = dp_number_range("degrees", &p->degrees, p->angle, err);

    (void)out, (void)arena;
    if (status == DP_OK)
        status = dp_check_color(in, 0, err);
    if (status == DP_OK)
        status = check_ranges(p, err);
    for (int d = 0; d < 2 && status == DP_OK; d++) {
        const bool pairs = p->translate.n == 4;
        const float side = (float)in->type.shape[1 - d];
        p->shift[d][0] = (float)(pairs ? p->translate.v[2 * d] : -p->translate.v[d]) * side;
        p->shift[d][1] = (float)p->translate.v[pairs ? 2 * d + 1 : d] * side;
        for (int i = 0; i < 2; i++)
            p->slant[d][i] = 2 * d + i < p->shear.n ? p->shear.v[2 * d + i] : 0;
        if (p->shift[d][0] > p->shift[d][1] || p->slant[d][0] > p->slant[d][1])
            return dp_fail(err, DP_ESPEC, "translate and shear go from the smaller to the larger");
    }
    return status;
}

enum { DEGREE, SHIFT, SCALE = SHIFT + 2, SHEAR };

/* Shares of the sides give whole pixels. */
static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_affine *p = params_;

    draws[DEGREE] = dp_draw_between(place, p->angle[0], p->angle[1]);
    for (int d = 0; d < 2; d++) {
        const uint32_t most = (uint32_t)p->shift[d][1];
        draws[SHIFT + d] =
            p->translate.n == 4
                ? dp_draw_between(place, (double)p->shift[d][0], (double)p->shift[d][1])
                : (double)dp_rng_below(&place->rng, 2 * most + 1) - (double)most;
    }
    draws[SCALE] = dp_draw_between(place, p->scale.v[0], p->scale.v[1]);
    for (int d = 0; d < 2; d++)
        draws[SHEAR + d] = dp_draw_between(place, p->slant[d][0], p->slant[d][1]);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_affine *p = params_;

    draws[DEGREE] = dp_replay_between(engine, p->angle[0], p->angle[1]);
    for (int d = 0; d < 2; d++)
        draws[SHIFT + d] =
            dp_replay_between(engine, (double)p->shift[d][0], (double)p->shift[d][1]);
    draws[SCALE] = dp_replay_between(engine, p->scale.v[0], p->scale.v[1]);
    for (int d = 0; d < 2; d++)
        draws[SHEAR + d] = dp_replay_between(engine, p->slant[d][0], p->slant[d][1]);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_affine *p = params_;
    const dp_affine_move move = {draws[DEGREE],
                                 draws[SCALE],
                                 {draws[SHEAR], draws[SHEAR + 1]},
                                 {draws[SHIFT], draws[SHIFT + 1]},
                                 p->order != 0};
    const dp_affine back = dp_affine_moved(&move, in->shape[0], in->shape[1]);

    dp_affine_run(&back, p->resample == 0, &p->fill_value, in, out);
}

const dp_transform dp_transform_random_affine = {
    .info = {"transform", "random_affine", "turn, move, scale and shear the image at random", 2,
             sizeof(random_affine), params},
    .foreign = "RandomAffine degrees:range translate:zeros scale shear resample=linear,nearest "
               "fill_value workers",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "degree,right,down,scale,shear_x,shear_y",
    .replay = replay,
};
