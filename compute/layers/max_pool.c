/* max_pool.c - the largest value of each window
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: windows are scanned in (kh, kw) order, the first of equals wins, the
 * first NaN wins over numbers, padding never wins.  dx starts at +0; dy of each window is
 * added to its winner, in ascending (oh, ow) order.
 */
#include <string.h>

#include "compute/layers/max_pool.h"

dp_status dp_max_pool_plan(void *params, dp_layer_plan *plan, dp_error *err)
{
    const dp_status status = dp_pool_plan(params, plan, err);

    if (status != DP_OK)
        return status;
    if (plan->in.height * plan->in.width > INT32_MAX)
        return dp_fail(err, DP_ELIMIT, "an image has at most %d places", INT32_MAX);
    plan->memory = sizeof(int32_t) * (size_t)(plan->n * dp_extent_size(&plan->out));
    return DP_OK;
}

/* Whether each place is in one window. */
static bool are_tiles(const dp_slide *s, const dp_layer_run *r)
{
    const int64_t in[2] = {r->in.height, r->in.width}, out[2] = {r->out.height, r->out.width};

    for (int d = 0; d < 2; d++) {
        if (s->before[d] != 0 || s->stride[d] != s->kernel[d] || out[d] * s->stride[d] != in[d])
            return false;
    }
    return true;
}

/* One window: y and winner start at its first place inside the image. */
static void scan_window(const dp_kernels *k, const dp_slide *s, const dp_extent *in, int64_t oh,
                        int64_t ow, const float *x, float *y, int32_t *winner)
{
    const dp_range rows = dp_slide_places(s, 0, oh, in->height);
    const dp_range cols = dp_slide_places(s, 1, ow, in->width);
    const int64_t start = rows.first * in->width + cols.first;

    memcpy(y, x + start * in->channels, sizeof *y * (size_t)in->channels);
    for (int64_t c = 0; c < in->channels; c++)
        winner[c] = (int32_t)start;
    for (int64_t h = rows.first; h <= rows.last; h++) {
        for (int64_t w = cols.first + (h == rows.first); w <= cols.last; w++) {
            const int64_t place = h * in->width + w;
            k->max(in->channels, x + place * in->channels, (int32_t)place, y, winner);
        }
    }
}

void dp_max_pool_forward(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t channels = r->in.channels, base = i * dp_extent_size(&r->out);
    const float *x = r->x + i * dp_extent_size(&r->in);

    for (int64_t o = 0; o < r->out.height * r->out.width; o++)
        scan_window(r->math.kernels, &((const dp_pool *)params)->slide, &r->in, o / r->out.width,
                    o % r->out.width, x, r->y + base + o * channels,
                    (int32_t *)r->memory + base + o * channels);
}

/* Each place of the window number o, which is the only one that has it. */
static void fill_window(const dp_layer_run *r, const dp_slide *s, int64_t o, const float *dy,
                        const int32_t *winner, float *dx)
{
    const int64_t channels = r->in.channels;
    const dp_range rows = dp_slide_places(s, 0, o / r->out.width, r->in.height);
    const dp_range cols = dp_slide_places(s, 1, o % r->out.width, r->in.width);

    for (int64_t h = rows.first; h <= rows.last; h++) {
        for (int64_t w = cols.first; w <= cols.last; w++) {
            const int64_t place = h * r->in.width + w;
            r->math.kernels->route(channels, dy, winner, (int32_t)place, dx + place * channels);
        }
    }
}

void dp_max_pool_backward(const void *params, const dp_layer_run *r, int64_t i)
{
    const dp_slide *s = &((const dp_pool *)params)->slide;
    const int64_t channels = r->in.channels, base = i * dp_extent_size(&r->out);
    const bool tiles = are_tiles(s, r);
    const float *dy = r->dy + base;
    const int32_t *winner = (const int32_t *)r->memory + base;
    float *dx = r->dx + i * dp_extent_size(&r->in);

    if (!tiles)
        memset(dx, 0, sizeof *dx * (size_t)dp_extent_size(&r->in));
    for (int64_t o = 0; o < r->out.height * r->out.width; o++, dy += channels, winner += channels) {
        if (tiles)
            fill_window(r, s, o, dy, winner, dx);
        for (int64_t c = 0; c < channels && !tiles; c++)
            dx[winner[c] * channels + c] += dy[c];
    }
}

const dp_layer dp_layer_max_pool = {
    .info = {"layer", "max_pool", "the largest value of each window", 1, sizeof(dp_pool),
             dp_pool_params},
    .prefix = "max_pool",
    .plan = dp_max_pool_plan,
    .forward_sample = dp_max_pool_forward,
    .backward_sample = dp_max_pool_backward,
};
