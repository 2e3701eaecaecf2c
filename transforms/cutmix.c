/* cutmix.c - a rectangle of each image taken from another one of its batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Yun et al. 2019.  For a share s from Beta(alpha, alpha) the rectangle has sqrt(1 - s) of each
 * side, rounded down, about a pixel drawn uniformly, cut off at the border; the labels are mixed by
 * the share of the pixels that stay.
 */
#include <math.h>

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
    return DP_OK;
}

/* From center - side / 2 on, side long, cut off at 0 and at n. */
static void span(int64_t center, int64_t side, int64_t n, double *first, double *length)
{
    const int64_t low = center - side / 2, high = low + side;

    *first = (double)(low < 0 ? 0 : low);
    *length = (double)(high > n ? n : high) - *first;
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const cutmix *p = params_;
    const bool changed = dp_rng_uniform(&place->rng) < p->prob;
    const double part = sqrt(1 - dp_draw_beta(place, p->alpha));
    const int64_t x = dp_rng_below(&place->rng, (uint32_t)p->width),
                  y = dp_rng_below(&place->rng, (uint32_t)p->height);

    span(y, (int64_t)(part * (double)p->height), p->height, &draws[0], &draws[2]);
    span(x, (int64_t)(part * (double)p->width), p->width, &draws[1], &draws[3]);
    if (!changed)
        draws[0] = draws[1] = draws[2] = draws[3] = 0;
    draws[4] = 1 - draws[2] * draws[3] / ((double)p->height * (double)p->width);
}

static void mix(const void *params_, const double *draws, const dp_tensor *image,
                const dp_tensor *label)
{
    const cutmix *p = params_;
    const int64_t top = (int64_t)draws[0], left = (int64_t)draws[1], height = (int64_t)draws[2],
                  width = (int64_t)draws[3];
    const int64_t planes = p->layout == 0 ? p->channels : 1,
                  pixel = p->layout == 0 ? 1 : p->channels;
    size_t n = 1;

    for (int64_t plane = 0; plane < planes; plane++) {
        for (int64_t y = top; y < top + height; y++) {
            const int64_t row = ((plane * p->height + y) * p->width + left) * pixel;
            dp_swap_rows(image, (size_t)row, (size_t)(row + width * pixel));
        }
    }
    for (int32_t d = 1; d < label->rank; d++)
        n *= (size_t)label->shape[d];
    dp_mix_rows(label, draws[4], 0, n);
}

const dp_transform dp_transform_cutmix = {
    .info = {"transform", "cutmix", "swap a rectangle between the images of a batch", 1,
             sizeof(cutmix), params},
    .plan = plan,
    .draw = draw,
    .drawn = "top,left,height,width,share",
    .mix = mix,
};
