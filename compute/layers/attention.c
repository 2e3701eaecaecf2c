/* attention.c - each place looks at all places of its sample
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The input has 3 C channels: queries, keys, values (a 1x1 convolution makes them), each cut into
 * heads of d = C / num_heads channels.  docs/numerics.md, of each head: s_ij = CHAIN over d of
 * q_i k_j, times (float)(1 / sqrt(d)); p_i = softmax of s_i (as the layer of that name); y_i =
 * CHAIN over j of p_ij v_j.  Backward: dv_j = CHAIN over i of p_ij dy_i; dp_ij = CHAIN over d of
 * dy_i v_j; ds_ij = p_ij (dp_ij - SEQ64 over j of dp_ij p_ij), in binary64, rounded once, times
 * the factor; dq_i = CHAIN over j of ds_ij k_j; dk_j = CHAIN over i of ds_ij q_i.
 * Vaswani et al., arXiv 1706.03762.
 */
#include <math.h>
#include <string.h>

#include "compute/layers/layer.h"
#include "compute/math/softmax.h"

typedef struct attention {
    int64_t num_heads;
} attention;

static const dp_param params[] = {
    DP_INT(attention, num_heads, "1", 1, 65536, "the channels are cut into so many heads"),
    DP_PARAMS_END,
};

#define MAX_PLACES 16384

/* One head of one sample; a row of q, k, v and their gradients is `stride` floats. */
typedef struct head {
    const dp_kernels *kernels;
    int64_t d, places, stride, channels;
    float scale;
    const float *q, *k, *v, *dy;
    float *y, *dq, *dk, *dv;
    float *p;       /* [places][places] */
    float *scratch; /* [d][places], then [places] */
} head;

static int64_t scratch_floats(int64_t d, int64_t places) { return (d + 1) * places; }

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    const int64_t heads = ((const attention *)params_)->num_heads;
    const int64_t places = plan->in.height * plan->in.width;
    double floats;

    if (plan->in.channels % (3 * heads) != 0)
        return dp_fail(err, DP_ESPEC,
                       "the %lld channels of the input are not queries, keys and values "
                       "of %lld heads: a multiple of %lld is needed",
                       (long long)plan->in.channels, (long long)heads, (long long)(3 * heads));
    if (places > MAX_PLACES)
        return dp_fail(err, DP_ELIMIT, "%lld places: at most %d", (long long)places, MAX_PLACES);
    plan->out.channels = plan->in.channels / 3;
    floats = (double)heads * (double)(places * places) +
             (double)scratch_floats(plan->out.channels / heads, places);
    if (floats * (double)plan->n > (double)DP_MAX_FLOATS)
        return dp_fail(err, DP_ELIMIT, "more than 2^40 numbers a batch");
    plan->memory = sizeof(float) * (size_t)plan->n * (size_t)floats;
    return DP_OK;
}

static head head_of(const attention *a, const dp_layer_run *r, int64_t sample, int64_t number)
{
    const int64_t c = r->out.channels, d = c / a->num_heads, places = r->in.height * r->in.width;
    const int64_t floats = a->num_heads * places * places + scratch_floats(d, places);
    const int64_t in = sample * places * 3 * c + number * d, out = sample * places * c + number * d;
    float *memory = (float *)r->memory + sample * floats;
    head h = {.kernels = r->math.kernels,
              .d = d,
              .places = places,
              .stride = 3 * c,
              .channels = c,
              .scale = (float)(1.0 / sqrt((double)d)),
              .q = r->x + in,
              .k = r->x + in + c,
              .v = r->x + in + 2 * c,
              .y = r->y + out,
              .dy = r->dy + out,
              .p = memory + number * places * places,
              .scratch = memory + a->num_heads * places * places};
    if (r->dx != NULL)
        h.dq = r->dx + in, h.dk = h.dq + c, h.dv = h.dk + c;
    return h;
}

/* Keys or values as [d][places]. */
static void transpose(const head *h, const float *rows)
{
    for (int64_t j = 0; j < h->places; j++) {
        for (int64_t e = 0; e < h->d; e++)
            h->scratch[e * h->places + j] = rows[j * h->stride + e];
    }
}

static void chain(const head *h, int64_t n, int64_t k, const float *a, int64_t step, const float *x,
                  int64_t stride, float *y)
{
    memset(y, 0, sizeof *y * (size_t)n);
    h->kernels->chain(n, k, a, step, x, stride, y);
}

static void look_around(const head *h)
{
    const int64_t n = h->places;

    transpose(h, h->k);
    for (int64_t i = 0; i < n; i++) {
        float *p = h->p + i * n;
        dp_softmax s;
        chain(h, n, h->d, h->q + i * h->stride, 1, h->scratch, n, p);
        for (int64_t j = 0; j < n; j++)
            p[j] *= h->scale;
        s = dp_softmax_of(p, n);
        for (int64_t j = 0; j < n; j++)
            p[j] = (float)dp_softmax_part(&s, p[j]);
        chain(h, h->d, n, p, 1, h->v, h->stride, h->y + i * h->channels);
    }
}

/* Turns p into the gradient of s, in place. */
static void score_gradient(const head *h, int64_t i)
{
    const int64_t n = h->places;
    float *p = h->p + i * n, *dp = h->scratch + h->d * n;
    double sum = 0.0;

    chain(h, n, h->d, h->dy + i * h->channels, 1, h->scratch, n, dp);
    for (int64_t j = 0; j < n; j++)
        sum += (double)dp[j] * (double)p[j];
    for (int64_t j = 0; j < n; j++)
        p[j] = (float)((double)p[j] * ((double)dp[j] - sum)) * h->scale;
}

static void look_back(const head *h)
{
    const int64_t n = h->places;

    for (int64_t j = 0; j < n; j++)
        chain(h, h->d, n, h->p + j, n, h->dy, h->channels, h->dv + j * h->stride);
    transpose(h, h->v);
    for (int64_t i = 0; i < n; i++) {
        score_gradient(h, i);
        chain(h, h->d, n, h->p + i * n, 1, h->k, h->stride, h->dq + i * h->stride);
    }
    for (int64_t j = 0; j < n; j++)
        chain(h, h->d, n, h->p + j, n, h->q, h->stride, h->dk + j * h->stride);
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    for (int64_t i = 0; i < ((const attention *)params_)->num_heads; i++) {
        const head h = head_of(params_, r, sample, i);
        look_around(&h);
    }
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    for (int64_t i = 0; i < ((const attention *)params_)->num_heads; i++) {
        const head h = head_of(params_, r, sample, i);
        look_back(&h);
    }
}

const dp_layer dp_layer_attention = {
    .info = {"layer", "attention", "each place looks at all places of its sample", 1,
             sizeof(attention), params},
    .prefix = "attention",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
