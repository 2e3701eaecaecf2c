/* rand_augment.c - some operations, each drawn from fourteen, of one strength
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Cubuk et al. 2020.  Draws, for each operation: below(14), a bit for the direction.  MindSpore's:
 * U{0,14} mod 14, U{0,2} mod 2.
 */
#include "transforms/shared/augment.h"

#define MOST 8 /* operations */

typedef struct rand_augment {
    DP_RANDOM_PARAMS;
    DP_AUGMENT_PARAMS;
    int64_t num_ops, magnitude, num_magnitude_bins;
    size_t bytes; /* of the image */
} rand_augment;

static const dp_param params[] = {
    DP_COLUMN(rand_augment),
    DP_INT(rand_augment, num_ops, "2", 1, MOST, "operations, one after the other"),
    DP_INT(rand_augment, magnitude, "9", 0, 1000000, "of all of them, from 0"),
    DP_INT(rand_augment, num_magnitude_bins, "31", 2, 1000000, "magnitudes that there are"),
    DP_AUGMENT_PIXELS(rand_augment),
    DP_RANDOM_ORDER(rand_augment),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    rand_augment *p = params_;

    (void)out, (void)arena;
    if (p->magnitude >= p->num_magnitude_bins)
        return dp_fail(err, DP_ESPEC, "magnitude %lld is not below num_magnitude_bins, %lld",
                       (long long)p->magnitude, (long long)p->num_magnitude_bins);
    p->bytes = dp_tensor_bytes(&in->type);
    return dp_check_augment(&p->fill_value, in, err);
}

/* 1 is the first operation, -1 the same the other way, 0 none. */
static void draw(const void *params_, dp_place *place, double *draws)
{
    const rand_augment *p = params_;

    for (int i = 0; i < MOST; i++) {
        draws[i] = i < p->num_ops ? 1 + (double)dp_rng_below(&place->rng, DP_EDITS) : 0;
        if (i < p->num_ops && dp_rng_below(&place->rng, 2) != 0)
            draws[i] = -draws[i];
    }
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const rand_augment *p = params_;

    for (int i = 0; i < MOST; i++) {
        draws[i] =
            i < p->num_ops ? 1 + (double)(dp_std_uniform_int(engine, DP_EDITS) % DP_EDITS) : 0;
        if (i < p->num_ops && dp_std_uniform_int(engine, 2) % 2 != 0)
            draws[i] = -draws[i];
    }
}

static void run(const rand_augment *p, double drawn, const dp_tensor *in, const dp_tensor *out)
{
    static const dp_strengths most = {.color = 0.9f,
                                      .posterize = 4,
                                      .shear = 0.3f,
                                      .degrees = 30,
                                      .solarize = 255,
                                      .shift = {150.0f / 331, 150.0f / 331},
                                      .parts = true};
    const dp_augment a = {.edit = (dp_edit)((drawn < 0 ? -drawn : drawn) - 1),
                          .most = &most,
                          .bin = p->magnitude,
                          .bins = p->num_magnitude_bins,
                          .back = drawn < 0,
                          .linear = p->interpolation == 0,
                          .fill_value = &p->fill_value,
                          .as_mindspore = p->order != 0};

    dp_augment_run(&a, in, out);
}

/* To and fro, so that the last one writes to out. */
static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, const dp_workspace *space)
{
    const rand_augment *p = params_;
    const dp_tensor *from = in;
    dp_tensor other = *out;

    other.data = space->bytes;
    for (int64_t i = 0; i < p->num_ops; i++) {
        const dp_tensor *to = (p->num_ops - i) % 2 != 0 ? out : &other;
        run(p, draws[i], from, to);
        from = to;
    }
}

static size_t space(const void *params_)
{
    const rand_augment *p = params_;

    return p->num_ops > 1 ? p->bytes : 0;
}

const dp_transform dp_transform_rand_augment = {
    .info = {"transform", "rand_augment", "apply random operations of one strength", 1,
             sizeof(rand_augment), params},
    .foreign = "RandAugment num_ops magnitude num_magnitude_bins interpolation=linear,nearest "
               "fill_value workers unread",
    .plan = plan,
    .apply_in = apply,
    .space = space,
    .draw = draw,
    .drawn = "first,second,third,fourth,fifth,sixth,seventh,eighth",
    .replay = replay,
    .replays_any_shape = true,
};
