/* trivial_augment_wide.c - one operation of fourteen, of any strength
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Mueller and Hutter 2021.  Draws: below(14), below(bins) for the strength, a bit for the
 * direction.  MindSpore's: U{0,14} mod 14; where the operation has strengths, U{0,bins} mod bins;
 * U{0,2} mod 2.
 */
#include "transforms/shared/augment.h"

typedef struct trivial_augment_wide {
    DP_RANDOM_PARAMS;
    DP_AUGMENT_PARAMS;
    int64_t num_magnitude_bins;
} trivial_augment_wide;

static const dp_param params[] = {
    DP_COLUMN(trivial_augment_wide),
    DP_INT(trivial_augment_wide, num_magnitude_bins, "31", 2, 1000000, "magnitudes that there are"),
    DP_AUGMENT_PIXELS(trivial_augment_wide),
    DP_RANDOM_ORDER(trivial_augment_wide),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const trivial_augment_wide *p = params_;

    (void)out, (void)arena;
    return dp_check_augment(&p->fill_value, in, err);
}

/* 1 is the first operation, -1 the same the other way; its magnitude, from 0. */
static void draw(const void *params_, dp_place *place, double *draws)
{
    const trivial_augment_wide *p = params_;

    draws[0] = 1 + (double)dp_rng_below(&place->rng, DP_EDITS);
    draws[1] = (double)dp_rng_below(&place->rng, (uint32_t)p->num_magnitude_bins);
    if (dp_rng_below(&place->rng, 2) != 0)
        draws[0] = -draws[0];
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const trivial_augment_wide *p = params_;
    const uint32_t edit = dp_std_uniform_int(engine, DP_EDITS) % DP_EDITS,
                   bins = (uint32_t)p->num_magnitude_bins;

    draws[1] = dp_edit_has_magnitude((dp_edit)edit) ? dp_std_uniform_int(engine, bins) % bins : 0;
    draws[0] = dp_std_uniform_int(engine, 2) % 2 != 0 ? -1 - (double)edit : 1 + (double)edit;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    static const dp_strengths most = {.color = 0.99f,
                                      .posterize = 6,
                                      .shear = 0.99f,
                                      .degrees = 135,
                                      .solarize = 255,
                                      .shift = {32, 32}};
    const trivial_augment_wide *p = params_;
    const dp_augment a = {.edit = (dp_edit)((draws[0] < 0 ? -draws[0] : draws[0]) - 1),
                          .most = &most,
                          .bin = (int64_t)draws[1],
                          .bins = p->num_magnitude_bins,
                          .back = draws[0] < 0,
                          .linear = p->interpolation == 0,
                          .fill_value = &p->fill_value,
                          .as_mindspore = p->order != 0};

    dp_augment_run(&a, in, out);
}

const dp_transform dp_transform_trivial_augment_wide = {
    .info = {"transform", "trivial_augment_wide", "apply one random operation of any strength", 1,
             sizeof(trivial_augment_wide), params},
    .foreign = "TrivialAugmentWide num_magnitude_bins interpolation=linear,nearest fill_value "
               "workers unread",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "operation,magnitude",
    .replay = replay,
    .replays_any_shape = true,
};
