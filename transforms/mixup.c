/* mixup.c - each image and label mixed with another one of its batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Zhang et al. 2017.  The share is drawn once for a batch.
 */
#include "transforms/shared/mixing.h"

typedef struct mixup {
    DP_RANDOM_PARAMS;
    const char *label;
    double alpha;
} mixup;

static const dp_param params[] = {
    DP_COLUMN(mixup),
    DP_LABEL(mixup),
    DP_NUMBER(mixup, alpha, "1", 0.01, 4, "of Beta(alpha, alpha), which the share is drawn from"),
    DP_RANDOM_ORDER(mixup),
    DP_PARAMS_END,
};

static bool has_channels(int64_t n) { return n == 1 || n == 3; }

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const mixup *p = params_;
    const dp_tensor *image = &in->type;

    (void)out, (void)arena;
    if (p->order != 0 &&
        (image->rank != 3 || (!has_channels(image->shape[0]) && !has_channels(image->shape[2]))))
        return dp_fail(err, DP_ESPEC,
                       "MindSpore takes images of 1 or 3 channels, the first or last dimension of "
                       "three: column %s is %s",
                       in->name, dp_tensor_type(image).text);
    return DP_OK;
}

enum { PARTNER, SHARE };

static void draw(const void *params_, dp_place *place, const dp_batch_draws *draws)
{
    const double share = dp_draw_beta(place, ((const mixup *)params_)->alpha);

    dp_spread_draws(draws, &share, 1);
}

/* Where both of its gammas are next to nothing MindSpore fails: a share of -1. */
static void replay(const void *params_, dp_mt19937 *engine, const dp_batch_draws *draws)
{
    const float alpha = (float)((const mixup *)params_)->alpha;
    dp_std_gamma one = {.alpha = alpha}, two = one;
    const float x = dp_std_gamma_next(&one, engine), y = dp_std_gamma_next(&two, engine);

    dp_replay_partners(engine, draws);
    for (uint64_t i = 0; i < draws->rows; i++)
        draws->first[i * draws->stride + SHARE] = x + y > 0x1p-23f ? (double)(x / (x + y)) : -1;
}

static dp_status mix(const void *params_, const dp_batch_draws *draws, void *spare,
                     const dp_tensor *image, const dp_tensor *label, dp_error *err)
{
    const mixup *p = params_;

    if (draws->rows > 0 && draws->first[SHARE] < 0)
        return dp_fail(err, DP_ESPEC,
                       "mixup: MindSpore fails at this batch (\"addition of variable(x1 and x2) of "
                       "Gamma should not be 0\"): use a larger alpha, or order=native");
    dp_mix_values(draws, image, spare, SHARE, p->order != 0);
    dp_mix_values(draws, label, spare, SHARE, false);
    return DP_OK;
}

const dp_transform dp_transform_mixup = {
    .info = {"transform", "mixup", "mix the images and labels of a batch", 1, sizeof(mixup),
             params},
    .foreign = "MixUpBatch alpha workers batches",
    .plan = plan,
    .draw_batch = draw,
    .drawn = "partner,share",
    .replay_batch = replay,
    .mix = mix,
};
