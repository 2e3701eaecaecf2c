/* cutmix.c - a rectangle of each image taken from another one of its batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Yun et al. 2019.  For a share s from Beta(alpha, alpha) the rectangle has sqrt(1 - s) of each
 * side, rounded down, about a pixel drawn uniformly, cut off at the border; the labels are mixed by
 * the share of the pixels that stay.
 */
#include <math.h>
#include <string.h>

#include "base/number/num.h"
#include "transforms/shared/mixing.h"

typedef struct cutmix {
    DP_RANDOM_PARAMS;
    const char *label;
    double alpha, prob;
    int32_t layout;
    int64_t height, width, channels;
} cutmix;

static const dp_param params[] = {
    DP_COLUMN(cutmix),
    DP_LABEL(cutmix),
    DP_NUMBER(cutmix, alpha, "1", 0.01, 4, "of Beta(alpha, alpha), which the share is drawn from"),
    DP_NUMBER(cutmix, prob, "1", 0, 1, "that a batch is changed"),
    DP_CHOICE(cutmix, layout, "chw", "chw,hwc", "of an image"),
    DP_RANDOM_ORDER(cutmix),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    cutmix *p = params_;
    const int64_t *shape = in->type.shape;

    (void)out, (void)arena;
    if (in->type.rank != 3)
        return dp_fail(err, DP_ESPEC, "takes images of rank 3: column %s is %s", in->name,
                       dp_tensor_type(&in->type).text);
    p->channels = shape[p->layout == 0 ? 0 : 2];
    p->height = shape[p->layout == 0];
    p->width = shape[p->layout == 0 ? 2 : 1];
    if (p->height > INT32_MAX || p->width > INT32_MAX || p->height < 1 || p->width < 1)
        return dp_fail(err, DP_ESPEC, "the image is empty or too large");
    if (p->order != 0 && p->channels != 1 && p->channels != 3)
        return dp_fail(err, DP_ESPEC, "MindSpore takes images of 1 or 3 channels: layout=%s is %d",
                       p->layout == 0 ? "chw" : "hwc", (int)p->channels);
    if (p->order != 0 && p->alpha < 0.1)
        return dp_fail(err, DP_ESPEC,
                       "MindSpore divides 0 by 0 where alpha is small: below 0.1 its "
                       "draws are not known");
    return DP_OK;
}

/* From center - side / 2 on, side long, cut off at 0 and at n. */
static void span(int64_t center, int64_t side, int64_t n, double *first, double *length)
{
    const int64_t low = center - side / 2, high = low + side;

    *first = (double)(low < 0 ? 0 : low);
    *length = (double)(high > n ? n : high) - *first;
}

enum { PARTNER, TOP, LEFT, HEIGHT, WIDTH, SHARE };

static void draw(const void *params_, dp_place *place, const dp_batch_draws *draws)
{
    const cutmix *p = params_;
    const bool changed = dp_rng_uniform(&place->rng) < p->prob;
    const double part = sqrt(1 - dp_draw_beta(place, p->alpha));
    const int64_t x = dp_rng_below(&place->rng, (uint32_t)p->width),
                  y = dp_rng_below(&place->rng, (uint32_t)p->height);
    double box[SHARE];

    span(y, (int64_t)(part * (double)p->height), p->height, &box[TOP - 1], &box[HEIGHT - 1]);
    span(x, (int64_t)(part * (double)p->width), p->width, &box[LEFT - 1], &box[WIDTH - 1]);
    if (!changed)
        box[0] = box[1] = box[2] = box[3] = 0;
    box[SHARE - 1] = 1 - box[HEIGHT - 1] * box[WIDTH - 1] / ((double)p->height * (double)p->width);
    dp_spread_draws(draws, box, SHARE);
}

static int64_t within(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* The same about a pixel drawn from 0..n, cut off at 0 and at n - 1; a pixel long at least. */
static void replay_span(dp_mt19937 *engine, float part, int64_t n, double *first, double *length)
{
    const int64_t center = dp_std_uniform_int(engine, (uint32_t)n),
                  half = (int64_t)((float)n * part) / 2, low = within(center - half, 0, n - 1);

    *first = (double)low;
    *length = (double)within(within(center + half, 0, n - 1) - low, 1, n - 1);
}

/* A share and a rectangle for each row. */
static void replay(const void *params_, dp_mt19937 *engine, const dp_batch_draws *draws)
{
    const cutmix *p = params_;
    const float all = (float)(p->height * p->width);
    dp_std_gamma one = {.alpha = (float)p->alpha}, two = one;

    dp_replay_partners(engine, draws);
    for (uint64_t i = 0; i < draws->rows; i++) {
        double *row = draws->first + i * draws->stride;
        const float x = dp_std_gamma_next(&one, engine), y = dp_std_gamma_next(&two, engine);
        const float part = dp_sqrt32(1.0f - (x + y > 0 ? x / (x + y) : 1));
        row[TOP] = row[LEFT] = row[HEIGHT] = row[WIDTH] = 0;
        row[SHARE] = 1;
        if (!dp_std_bernoulli(engine, (double)(float)p->prob))
            continue;
        replay_span(engine, part, p->width, &row[LEFT], &row[WIDTH]);
        replay_span(engine, part, p->height, &row[TOP], &row[HEIGHT]);
        row[SHARE] = (double)(1.0f - (float)(row[WIDTH] * row[HEIGHT]) / all);
    }
}

/* Of an image whose pixels are so many bytes. */
typedef struct pasting {
    const cutmix *params;
    size_t value;
} pasting;

static void paste(const void *ctx, const double *numbers, void *row, const void *other)
{
    const cutmix *p = ((const pasting *)ctx)->params;
    const int64_t top = (int64_t)numbers[TOP], left = (int64_t)numbers[LEFT],
                  height = (int64_t)numbers[HEIGHT], width = (int64_t)numbers[WIDTH];
    const int64_t planes = p->layout == 0 ? p->channels : 1,
                  pixel = p->layout == 0 ? 1 : p->channels;

    for (int64_t plane = 0; plane < planes; plane++) {
        for (int64_t y = top; y < top + height; y++) {
            const size_t at = (size_t)(((plane * p->height + y) * p->width + left) * pixel);
            const size_t value = ((const pasting *)ctx)->value;
            memcpy((uint8_t *)row + at * value, (const uint8_t *)other + at * value,
                   (size_t)(width * pixel) * value);
        }
    }
}

static dp_status mix(const void *params_, const dp_batch_draws *draws, void *spare,
                     const dp_tensor *image, const dp_tensor *label, dp_error *err)
{
    const pasting of = {params_, dp_dtype_size(image->dtype)};

    (void)err;
    dp_mix_each(draws, image, spare, paste, &of);
    dp_mix_values(draws, label, spare, SHARE, false);
    return DP_OK;
}

const dp_transform dp_transform_cutmix = {
    .info = {"transform", "cutmix", "swap a rectangle between the images of a batch", 1,
             sizeof(cutmix), params},
    .foreign = "CutMixBatch image_batch_format>layout=hwc,chw alpha prob workers batches",
    .plan = plan,
    .draw_batch = draw,
    .drawn = "partner,top,left,height,width,share",
    .replay_batch = replay,
    .mix = mix,
};
