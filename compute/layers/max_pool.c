/* max_pool.c - the largest value of each window
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * spec/compute.md B.1, B.6: windows are scanned in (kh, kw) order, the first of equals wins, the
 * first NaN wins over numbers, padding never wins.  The gradient gathers: dx starts at +0 and adds
 * dy of the windows whose winner it is, in ascending (oh, ow) order.
 */
#include "compute/window.h"

typedef struct max_pool {
    dp_ints kernel_size, stride;
    int32_t pad_mode;
    dp_slide slide;
} max_pool;

static const dp_param params[] = {
    DP_INTS(max_pool, kernel_size, NULL, 1, DP_MAX_KERNEL, "height,width; one number for a square"),
    DP_INTS(max_pool, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(max_pool, pad_mode, "valid", "valid,same",
              "whether windows may reach past the image"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    max_pool *p = params_;
    const dp_status status = dp_slide_plan("max_pool", &p->kernel_size, &p->stride, p->pad_mode,
                                           NULL, &plan->in, &p->slide, err);

    if (status != DP_OK)
        return status;
    if (plan->in.height * plan->in.width > INT32_MAX)
        return dp_fail(err, DP_ELIMIT, "max_pool: an image has at most %d places", INT32_MAX);
    plan->out = (dp_extent){plan->in.channels, p->slide.out[0], p->slide.out[1]};
    plan->memory = sizeof(int32_t) * (size_t)(plan->n * dp_extent_size(&plan->out));
    return DP_OK;
}

typedef struct job {
    const dp_slide *s;
    const dp_layer_run *r;
} job;

/* One window: y and winner start at its first place that is inside. */
static void scan_window(const dp_slide *s, const dp_extent *in, int64_t oh, int64_t ow,
                        const float *x, float *y, int32_t *winner)
{
    bool first = true;

    for (int64_t k = 0; k < s->kernel[0] * s->kernel[1]; k++) {
        const int64_t h = oh * s->stride[0] - s->before[0] + k / s->kernel[1];
        const int64_t w = ow * s->stride[1] - s->before[1] + k % s->kernel[1];
        const float *v = x + (h * in->width + w) * in->channels;
        if (h < 0 || h >= in->height || w < 0 || w >= in->width)
            continue;
        for (int64_t c = 0; c < in->channels; c++) {
            if (first || v[c] > y[c] || (v[c] != v[c] && y[c] == y[c])) {
                y[c] = v[c];
                winner[c] = (int32_t)(h * in->width + w);
            }
        }
        first = false;
    }
}

static void forward_sample(void *ctx, uint64_t i)
{
    const job *j = ctx;
    const dp_layer_run *r = j->r;
    const int64_t channels = r->in.channels, base = (int64_t)i * dp_extent_size(&r->out);
    const float *x = r->x + (int64_t)i * dp_extent_size(&r->in);

    for (int64_t o = 0; o < r->out.height * r->out.width; o++)
        scan_window(j->s, &r->in, o / r->out.width, o % r->out.width, x, r->y + base + o * channels,
                    (int32_t *)r->memory + base + o * channels);
}

/* First and last window along an axis that hold a place. */
static void windows_of(const dp_slide *s, int d, int64_t place, int64_t *first, int64_t *last)
{
    const int64_t at = place + s->before[d];

    *first = at < s->kernel[d] ? 0 : (at - s->kernel[d]) / s->stride[d] + 1;
    *last = at / s->stride[d] < s->out[d] ? at / s->stride[d] : s->out[d] - 1;
}

static void gather_place(const job *j, int64_t base, int64_t place, float *dx)
{
    const dp_layer_run *r = j->r;
    const int64_t channels = r->in.channels;
    int64_t h0, h1, w0, w1;

    for (int64_t c = 0; c < channels; c++)
        dx[c] = 0.0f;
    windows_of(j->s, 0, place / r->in.width, &h0, &h1);
    windows_of(j->s, 1, place % r->in.width, &w0, &w1);
    for (int64_t oh = h0; oh <= h1; oh++) {
        for (int64_t ow = w0; ow <= w1; ow++) {
            const int64_t at = base + (oh * r->out.width + ow) * channels;
            const int32_t *winner = (const int32_t *)r->memory + at;
            for (int64_t c = 0; c < channels; c++) {
                if (winner[c] == place)
                    dx[c] += r->dy[at + c];
            }
        }
    }
}

static void backward_sample(void *ctx, uint64_t i)
{
    const job *j = ctx;
    const dp_extent *in = &j->r->in;

    for (int64_t place = 0; place < in->height * in->width; place++)
        gather_place(j, (int64_t)i * dp_extent_size(&j->r->out), place,
                     j->r->dx + (int64_t)i * dp_extent_size(in) + place * in->channels);
}

static void forward(const void *params_, const dp_layer_run *r)
{
    job j = {&((const max_pool *)params_)->slide, r};
    dp_workers_run(r->workers, (uint64_t)r->n, forward_sample, &j);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    job j = {&((const max_pool *)params_)->slide, r};
    if (r->dx != NULL)
        dp_workers_run(r->workers, (uint64_t)r->n, backward_sample, &j);
}

const dp_layer dp_layer_max_pool = {
    .info = {"layer", "max_pool", "the largest value of each window", 1, params},
    .prefix = "max_pool",
    .size = sizeof(max_pool),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
