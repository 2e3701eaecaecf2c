/* attention.c - a head of attention, by rows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/attention.h"

#include <math.h>
#include <string.h>

#include "compute/math/softmax.h"

static float scale_of(const dp_attention *h) { return (float)(1.0 / sqrt((double)h->d)); }

/* How many places i sees; the first place that sees j. */
static int64_t seen_by(const dp_attention *h, int64_t i) { return h->causal ? i + 1 : h->places; }
static int64_t first_to_see(const dp_attention *h, int64_t j) { return h->causal ? j : 0; }

/* Keys or values as [d][places]. */
static void transpose(const dp_attention *h, const float *rows)
{
    for (int64_t j = 0; j < h->places; j++) {
        for (int64_t e = 0; e < h->d; e++)
            h->scratch[e * h->places + j] = rows[j * h->stride + e];
    }
}

static void chain(const dp_attention *h, int64_t n, int64_t k, const float *a, int64_t step,
                  const float *x, int64_t stride, float *y)
{
    memset(y, 0, sizeof *y * (size_t)n);
    h->kernels->chain(n, k, a, step, x, stride, y);
}

void dp_attention_forward(const dp_attention *h)
{
    const float scale = scale_of(h);

    transpose(h, h->k);
    for (int64_t i = 0; i < h->places; i++) {
        const int64_t n = seen_by(h, i);
        float *p = h->p + i * h->places;
        dp_softmax s;
        chain(h, n, h->d, h->q + i * h->stride, 1, h->scratch, h->places, p);
        for (int64_t j = 0; j < n; j++)
            p[j] *= scale;
        s = dp_softmax_of(p, n);
        for (int64_t j = 0; j < n; j++)
            p[j] = (float)dp_softmax_part(&s, p[j]);
        chain(h, h->d, n, p, 1, h->v, h->stride, h->y + i * h->channels);
    }
}

/* Turns a row of p into the gradient of s, in place. */
static void score_gradient(const dp_attention *h, int64_t i)
{
    const int64_t n = seen_by(h, i);
    const float scale = scale_of(h);
    float *p = h->p + i * h->places, *dp = h->scratch + h->d * h->places;
    double sum = 0.0;

    chain(h, n, h->d, h->dy + i * h->channels, 1, h->scratch, h->places, dp);
    for (int64_t j = 0; j < n; j++)
        sum += (double)dp[j] * (double)p[j];
    for (int64_t j = 0; j < n; j++)
        p[j] = (float)((double)p[j] * ((double)dp[j] - sum)) * scale;
}

/* y_j = CHAIN over the i that see j of p_ij x_i. */
static void chain_down(const dp_attention *h, int64_t j, const float *x, int64_t stride, float *y)
{
    const int64_t i = first_to_see(h, j);
    chain(h, h->d, h->places - i, h->p + i * h->places + j, h->places, x + i * stride, stride, y);
}

void dp_attention_backward(const dp_attention *h)
{
    for (int64_t j = 0; j < h->places; j++)
        chain_down(h, j, h->dy, h->channels, h->dv + j * h->stride);
    transpose(h, h->v);
    for (int64_t i = 0; i < h->places; i++) {
        score_gradient(h, i);
        chain(h, h->d, seen_by(h, i), h->p + i * h->places, 1, h->k, h->stride,
              h->dq + i * h->stride);
    }
    for (int64_t j = 0; j < h->places; j++)
        chain_down(h, j, h->q, h->stride, h->dk + j * h->stride);
}
