/* avg_pool.c - the mean of each window
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = SEQ64 over (kh, kw) of the places inside the image, divided by their
 * number, rounded once; dx = SEQ64 over the windows that hold the place, in ascending (oh, ow)
 * order, of dy / their number, rounded once.
 */
#include "compute/window.h"

#define CHANNELS 64 /* accumulated at a time */

typedef struct avg_pool {
    dp_ints kernel_size, stride;
    int32_t pad_mode;
    dp_slide slide;
} avg_pool;

static const dp_param params[] = {
    DP_INTS(avg_pool, kernel_size, NULL, 1, DP_MAX_KERNEL, "height,width; one number for a square"),
    DP_INTS(avg_pool, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(avg_pool, pad_mode, "valid", "valid,same",
              "whether windows may reach past the image"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    avg_pool *p = params_;
    const dp_status status = dp_slide_plan("avg_pool", &p->kernel_size, &p->stride, p->pad_mode,
                                           NULL, &plan->in, &p->slide, err);

    if (status == DP_OK)
        plan->out = (dp_extent){plan->in.channels, p->slide.out[0], p->slide.out[1]};
    return status;
}

typedef struct job {
    const dp_slide *s;
    const dp_layer_run *r;
} job;
typedef struct range {
    int64_t first, last;
} range; /* last is included */

/* The places of a window inside the image, along axis d. */
static range places_of(const dp_slide *s, int d, int64_t window, int64_t size)
{
    const int64_t at = window * s->stride[d] - s->before[d], end = at + s->kernel[d] - 1;
    return (range){at < 0 ? 0 : at, end < size ? end : size - 1};
}

/* The windows that hold a place, along axis d. */
static range windows_of(const dp_slide *s, int d, int64_t place)
{
    const int64_t at = place + s->before[d], last = at / s->stride[d];
    return (range){at < s->kernel[d] ? 0 : (at - s->kernel[d]) / s->stride[d] + 1,
                   last < s->out[d] ? last : s->out[d] - 1};
}

static double count_of(const job *j, int64_t oh, int64_t ow)
{
    const range h = places_of(j->s, 0, oh, j->r->in.height),
                w = places_of(j->s, 1, ow, j->r->in.width);
    return (double)((h.last - h.first + 1) * (w.last - w.first + 1));
}

static void average(const job *j, const float *x, int64_t oh, int64_t ow, int64_t c0, int64_t n,
                    float *y)
{
    const range h = places_of(j->s, 0, oh, j->r->in.height),
                w = places_of(j->s, 1, ow, j->r->in.width);
    double sum[CHANNELS] = {0};

    for (int64_t a = h.first; a <= h.last; a++) {
        for (int64_t b = w.first; b <= w.last; b++) {
            for (int64_t c = 0; c < n; c++)
                sum[c] += (double)x[(a * j->r->in.width + b) * j->r->in.channels + c0 + c];
        }
    }
    for (int64_t c = 0; c < n; c++)
        y[c0 + c] = (float)(sum[c] / count_of(j, oh, ow));
}

static void spread(const job *j, const float *dy, int64_t place, int64_t c0, int64_t n, float *dx)
{
    const range h = windows_of(j->s, 0, place / j->r->in.width),
                w = windows_of(j->s, 1, place % j->r->in.width);
    double sum[CHANNELS] = {0};

    for (int64_t oh = h.first; oh <= h.last; oh++) {
        for (int64_t ow = w.first; ow <= w.last; ow++) {
            const double count = count_of(j, oh, ow);
            for (int64_t c = 0; c < n; c++)
                sum[c] +=
                    (double)dy[(oh * j->r->out.width + ow) * j->r->in.channels + c0 + c] / count;
        }
    }
    for (int64_t c = 0; c < n; c++)
        dx[c0 + c] = (float)sum[c];
}

static void forward_sample(void *ctx, uint64_t i)
{
    const job *j = ctx;
    const dp_extent *out = &j->r->out;
    const float *x = j->r->x + (int64_t)i * dp_extent_size(&j->r->in);
    float *y = j->r->y + (int64_t)i * dp_extent_size(out);

    for (int64_t o = 0; o < out->height * out->width; o++, y += out->channels) {
        for (int64_t c = 0; c < out->channels; c += CHANNELS)
            average(j, x, o / out->width, o % out->width, c,
                    out->channels - c < CHANNELS ? out->channels - c : CHANNELS, y);
    }
}

static void backward_sample(void *ctx, uint64_t i)
{
    const job *j = ctx;
    const dp_extent *in = &j->r->in;
    const float *dy = j->r->dy + (int64_t)i * dp_extent_size(&j->r->out);
    float *dx = j->r->dx + (int64_t)i * dp_extent_size(in);

    for (int64_t place = 0; place < in->height * in->width; place++, dx += in->channels) {
        for (int64_t c = 0; c < in->channels; c += CHANNELS)
            spread(j, dy, place, c, in->channels - c < CHANNELS ? in->channels - c : CHANNELS, dx);
    }
}

static void forward(const void *params_, const dp_layer_run *r)
{
    job j = {&((const avg_pool *)params_)->slide, r};
    dp_workers_run(r->workers, (uint64_t)r->n, forward_sample, &j);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    job j = {&((const avg_pool *)params_)->slide, r};
    if (r->dx != NULL)
        dp_workers_run(r->workers, (uint64_t)r->n, backward_sample, &j);
}

const dp_layer dp_layer_avg_pool = {
    .info = {"layer", "avg_pool", "the mean of each window", 1, params},
    .prefix = "avg_pool",
    .size = sizeof(avg_pool),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
