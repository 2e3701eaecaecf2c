/* avg_pool.c - the mean of each window
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = SEQ64 over (kh, kw) of the places inside the image, divided by their
 * number, rounded once; dx = SEQ64 over the windows that hold the place, in ascending (oh, ow)
 * order, of dy / their number, rounded once.
 */
#include "compute/layers/avg_pool.h"

#define CHANNELS 64 /* accumulated at a time */

static int64_t block(int64_t channels, int64_t c0)
{
    return channels - c0 < CHANNELS ? channels - c0 : CHANNELS;
}

/* Channels c0 .. c0 + n - 1 of one output. */
static void average(const dp_slide *s, const dp_extent *in, const float *x, int64_t oh, int64_t ow,
                    int64_t c0, int64_t n, float *y)
{
    const dp_range h = dp_slide_places(s, 0, oh, in->height);
    const dp_range w = dp_slide_places(s, 1, ow, in->width);
    const double count = (double)((h.last - h.first + 1) * (w.last - w.first + 1));
    double sum[CHANNELS] = {0};

    for (int64_t a = h.first; a <= h.last; a++) {
        for (int64_t b = w.first; b <= w.last; b++) {
            for (int64_t c = 0; c < n; c++)
                sum[c] += (double)x[(a * in->width + b) * in->channels + c0 + c];
        }
    }
    for (int64_t c = 0; c < n; c++)
        y[c0 + c] = (float)(sum[c] / count);
}

void dp_avg_pool_forward(const void *params, const dp_layer_run *r, int64_t i)
{
    const dp_slide *s = &((const dp_pool *)params)->slide;
    const dp_extent *out = &r->out;
    const float *x = r->x + i * dp_extent_size(&r->in);
    float *y = r->y + i * dp_extent_size(out);

    for (int64_t o = 0; o < out->height * out->width; o++, y += out->channels) {
        for (int64_t c = 0; c < out->channels; c += CHANNELS)
            average(s, &r->in, x, o / out->width, o % out->width, c, block(out->channels, c), y);
    }
}

static void spread(const dp_slide *s, const dp_layer_run *r, const float *dy, int64_t place,
                   int64_t c0, int64_t n, float *dx)
{
    const dp_range rows = dp_slide_windows(s, 0, place / r->in.width);
    const dp_range cols = dp_slide_windows(s, 1, place % r->in.width);
    double sum[CHANNELS] = {0};

    for (int64_t oh = rows.first; oh <= rows.last; oh++) {
        for (int64_t ow = cols.first; ow <= cols.last; ow++) {
            const dp_range h = dp_slide_places(s, 0, oh, r->in.height);
            const dp_range w = dp_slide_places(s, 1, ow, r->in.width);
            const double count = (double)((h.last - h.first + 1) * (w.last - w.first + 1));
            for (int64_t c = 0; c < n; c++)
                sum[c] += (double)dy[(oh * r->out.width + ow) * r->in.channels + c0 + c] / count;
        }
    }
    for (int64_t c = 0; c < n; c++)
        dx[c0 + c] = (float)sum[c];
}

void dp_avg_pool_backward(const void *params, const dp_layer_run *r, int64_t i)
{
    const dp_slide *s = &((const dp_pool *)params)->slide;
    const float *dy = r->dy + i * dp_extent_size(&r->out);
    float *dx = r->dx + i * dp_extent_size(&r->in);

    for (int64_t place = 0; place < r->in.height * r->in.width; place++, dx += r->in.channels) {
        for (int64_t c = 0; c < r->in.channels; c += CHANNELS)
            spread(s, r, dy, place, c, block(r->in.channels, c), dx);
    }
}

const dp_layer dp_layer_avg_pool = {
    .info = {"layer", "avg_pool", "the mean of each window", 1, sizeof(dp_pool), dp_pool_params},
    .prefix = "avg_pool",
    .plan = dp_pool_plan,
    .forward_sample = dp_avg_pool_forward,
    .backward_sample = dp_avg_pool_backward,
};
