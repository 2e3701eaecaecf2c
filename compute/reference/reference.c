/* reference.c - scalar C that is the numeric specification
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/reference/reference.h"

#include <math.h>

#include "base/number/num.h"

#define TREE(v, n)                                                                                 \
    for (; n > 1; n = (n + 1) / 2) {                                                               \
        for (int64_t i = 0; i < n / 2; i++)                                                        \
            v[i] = v[2 * i] + v[2 * i + 1];                                                        \
        if (n % 2 != 0)                                                                            \
            v[n / 2] = v[n - 1];                                                                   \
    }                                                                                              \
    return v[0]

float dp_ref_tree32(float *v, int64_t n) { TREE(v, n); }
double dp_ref_tree64(double *v, int64_t n) { TREE(v, n); }

/* p and n of exp(-size) = 2^-n (1 + p). */
static float fast_exp(float size, int *n)
{
    static const float c[] = {0x1.6b9c68p-10f, 0x1.12254ap-7f, 0x1.5556f2p-5f, 0x1.5554b4p-3f,
                              0x1.fffffep-2f};
    const float nearest = dp_fma32(size, 0x1.715476p0f, 0x1.8p23f) - 0x1.8p23f;
    const float r = dp_fma32(nearest, -0x1.05c61p-29f, dp_fma32(nearest, 0x1.62e43p-1f, -size));
    float q = c[0];

    for (int i = 1; i < 5; i++)
        q = dp_fma32(q, r, c[i]);
    *n = (int)nearest;
    return dp_fma32(q, r * r, r);
}

static float power(int n)
{
    float power = 1.0f;
    for (; n > 0; n--)
        power *= 0.5f;
    return power;
}

float dp_ref_fast_sigmoid(float x)
{
    const float size = x < 0 ? -x : x;
    float p, e, part;
    int n;

    if (x != x)
        return x;
    p = fast_exp(size > 104.0f ? 104.0f : size, &n);
    e = dp_fma32(p, power(n / 2), power(n / 2)) * power(n - n / 2);
    part = e / (1.0f + e);
    return x < 0 ? part : 1.0f - part;
}

float dp_ref_fast_tanh(float x)
{
    const float size = x < 0 ? -x : x;
    float p, s, sum, y;
    int n;

    if (x != x)
        return x;
    p = fast_exp(2.0f * (size > 10.0f ? 10.0f : size), &n);
    s = power(n), sum = dp_fma32(p, s, 1.0f + s);
    if (size < 0.625f)
        y = dp_fma32(-p, s, 1.0f - s) / sum;
    else
        y = 1.0f + -2.0f * dp_fma32(p, s, s) / sum;
    return copysignf(y, x);
}

/* x at a place that may lie in the border. */
static float input(const dp_conv *c, const float *x, int64_t n, int64_t h, int64_t w, int64_t ic)
{
    if (h < 0 || h >= c->height || w < 0 || w >= c->width)
        return 0.0f;
    return x[((n * c->height + h) * c->width + w) * c->ic + ic];
}

static float output(const dp_conv *c, const float *dy, int64_t n, int64_t h, int64_t w, int64_t oc)
{
    if (h < 0 || h >= c->oh || w < 0 || w >= c->ow)
        return 0.0f;
    return dy[((n * c->oh + h) * c->ow + w) * c->oc + oc];
}

/* Weights [oc][ic / groups][kh][kw]; output channel oc belongs to group oc / (channels of one). */
static float weight(const dp_conv *c, const float *w, int64_t oc, int64_t ic, int64_t kh,
                    int64_t kw)
{
    return w[((oc * (c->ic / c->groups) + ic) * c->kh + kh) * c->kw + kw];
}

static float forward_one(const dp_conv *c, int64_t n, int64_t oh, int64_t ow, int64_t oc,
                         const float *x, const float *w)
{
    const int64_t channels = c->ic / c->groups, first = oc / (c->oc / c->groups) * channels;
    float acc = 0.0f;
    for (int64_t kh = 0; kh < c->kh; kh++)
        for (int64_t kw = 0; kw < c->kw; kw++)
            for (int64_t ic = 0; ic < channels; ic++)
                acc = dp_fma32(input(c, x, n, oh * c->stride_h + kh * c->dilation_h - c->top,
                                     ow * c->stride_w + kw * c->dilation_w - c->left, first + ic),
                               weight(c, w, oc, ic, kh, kw), acc);
    return acc;
}

void dp_ref_conv_forward(const dp_conv *c, int64_t n, const float *x, const float *w, float *y)
{
    if (c->tile > 0) {
        dp_ref_filtering_forward(c, n, x, w, y);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t oh = 0; oh < c->oh; oh++)
            for (int64_t ow = 0; ow < c->ow; ow++)
                for (int64_t oc = 0; oc < c->oc; oc++)
                    *y++ = forward_one(c, i, oh, ow, oc, x, w);
}

/* Ascending output places are descending taps; a tap whose place is not divisible by the stride
 * does not exist. */
static float input_gradient_one(const dp_conv *c, int64_t n, int64_t h, int64_t v, int64_t ic,
                                const float *dy, const float *w)
{
    const int64_t ic_group = c->ic / c->groups, channels = c->oc / c->groups;
    const int64_t first = ic / ic_group * channels;
    float acc = 0.0f;
    for (int64_t kh = c->kh - 1; kh >= 0; kh--)
        for (int64_t kw = c->kw - 1; kw >= 0; kw--) {
            const int64_t at_h = h + c->top - kh * c->dilation_h,
                          at_w = v + c->left - kw * c->dilation_w;
            if (at_h % c->stride_h != 0 || at_w % c->stride_w != 0)
                continue;
            for (int64_t oc = first; oc < first + channels; oc++)
                acc = dp_fma32(output(c, dy, n, at_h / c->stride_h, at_w / c->stride_w, oc),
                               weight(c, w, oc, ic % ic_group, kh, kw), acc);
        }
    return acc;
}

void dp_ref_conv_input_gradient(const dp_conv *c, int64_t n, const float *dy, const float *w,
                                float *dx)
{
    if (c->tile > 0) {
        dp_ref_filtering_input_gradient(c, n, dy, w, dx);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t h = 0; h < c->height; h++)
            for (int64_t v = 0; v < c->width; v++)
                for (int64_t ic = 0; ic < c->ic; ic++)
                    *dx++ = input_gradient_one(c, i, h, v, ic, dy, w);
}

typedef struct tap {
    int64_t oc, ic, kh, kw;
} tap;

static float weight_leaf(const dp_conv *c, const tap *t, int64_t first, int64_t last,
                         const float *x, const float *dy)
{
    const int64_t channel = t->oc / (c->oc / c->groups) * (c->ic / c->groups) + t->ic;
    float acc = 0.0f;
    for (int64_t n = first; n < last; n++)
        for (int64_t oh = 0; oh < c->oh; oh++)
            for (int64_t ow = 0; ow < c->ow; ow++)
                acc = dp_fma32(input(c, x, n, oh * c->stride_h + t->kh * c->dilation_h - c->top,
                                     ow * c->stride_w + t->kw * c->dilation_w - c->left, channel),
                               output(c, dy, n, oh, ow, t->oc), acc);
    return acc;
}

void dp_ref_conv_weight_gradient(const dp_conv *c, int64_t n, int64_t leaf, const float *x,
                                 const float *dy, float *dw, float *partial)
{
    if (c->tile > 0) {
        dp_ref_filtering_weight_gradient(c, n, leaf, x, dy, dw, partial);
        return;
    }
    for (int64_t oc = 0; oc < c->oc; oc++)
        for (int64_t ic = 0; ic < c->ic / c->groups; ic++)
            for (int64_t kh = 0; kh < c->kh; kh++)
                for (int64_t kw = 0; kw < c->kw; kw++) {
                    const tap t = {oc, ic, kh, kw};
                    int64_t leaves = 0;
                    for (int64_t first = 0; first < n; first += leaf)
                        partial[leaves++] =
                            weight_leaf(c, &t, first, first + leaf < n ? first + leaf : n, x, dy);
                    *dw++ = dp_ref_tree32(partial, leaves);
                }
}

void dp_ref_bias_gradient(int64_t n, int64_t places, int64_t channels, int64_t leaf,
                          const float *dy, float *db, double *partial)
{
    for (int64_t c = 0; c < channels; c++) {
        int64_t leaves = 0;
        for (int64_t first = 0; first < n; first += leaf) {
            const int64_t last = first + leaf < n ? first + leaf : n;
            double acc = 0.0;
            for (int64_t i = first * places; i < last * places; i++)
                acc += (double)dy[i * channels + c];
            partial[leaves++] = acc;
        }
        db[c] = (float)dp_ref_tree64(partial, leaves);
    }
}

void dp_ref_sgd(const dp_update *u, int64_t n, float *p, const float *g)
{
    for (int64_t i = 0; i < n; i++) {
        float d = g[i];
        if (u->weight_decay != 0)
            d = dp_fma32(u->weight_decay, p[i], d);
        p[i] = dp_fma32(-u->learning_rate, d, p[i]);
    }
}

void dp_ref_momentum(const dp_update *u, int64_t n, float *p, const float *g, float *v)
{
    for (int64_t i = 0; i < n; i++) {
        float d = g[i], step;
        if (u->weight_decay != 0)
            d = dp_fma32(u->weight_decay, p[i], d);
        v[i] = dp_fma32(u->momentum, v[i], d);
        step = v[i];
        if (u->nesterov)
            step = dp_fma32(u->momentum, v[i], d);
        p[i] = dp_fma32(-u->learning_rate, step, p[i]);
    }
}

void dp_ref_adam(const dp_adam *a, int64_t n, float *p, const float *g, float *m, float *v)
{
    for (int64_t i = 0; i < n; i++) {
        float d = g[i], kept = p[i], square, size;
        if (a->weight_decay != 0)
            d = dp_fma32(a->weight_decay, p[i], d);
        if (a->shrink != 0)
            kept = dp_fma32(-a->shrink, p[i], p[i]);
        m[i] = dp_fma32(a->new1, d - m[i], m[i]);
        square = a->new2 * d;
        square = square * d;
        v[i] = dp_fma32(a->beta2, v[i], square);
        size = dp_fma32(dp_sqrt32(v[i]), a->scale, a->eps);
        p[i] = dp_fma32(-a->rate, m[i] / size, kept);
    }
}

void dp_ref_rmsprop(const dp_rmsprop *r, int64_t n, float *p, const float *g, float *v, float *m,
                    float *mean)
{
    for (int64_t i = 0; i < n; i++) {
        float d = g[i], square, size, step;
        if (r->weight_decay != 0)
            d = dp_fma32(r->weight_decay, p[i], d);
        square = r->new *d;
        square = square * d;
        v[i] = dp_fma32(r->old, v[i], square);
        size = v[i];
        if (mean != NULL) {
            mean[i] = dp_fma32(r->new, d - mean[i], mean[i]);
            size = dp_fma32(-mean[i], mean[i], size);
            size = size < 0 ? 0 : size;
            size = size + r->under;
        }
        size = dp_sqrt32(size);
        size = size + r->eps;
        step = r->before * d;
        step = step / size;
        m[i] = dp_fma32(r->momentum, m[i], step);
        p[i] = dp_fma32(-r->after, m[i], p[i]);
    }
}

/* ---- attention ---- */

static bool sees(const dp_attention *a, int64_t i, int64_t j) { return !a->causal || j <= i; }

/* CHAIN over the d numbers of a place of x and one of y. */
static float product(const dp_attention *a, const float *x, const float *y)
{
    float acc = 0.0f;
    for (int64_t e = 0; e < a->d; e++)
        acc = dp_fma32(x[e], y[e], acc);
    return acc;
}

static float factor(const dp_attention *a) { return (float)(1.0 / sqrt((double)a->d)); }

/* Scores, in place of their softmax. */
static void softmax_row(const dp_attention *a, int64_t i, float *p)
{
    double most = (double)p[0], sum = 0.0;
    for (int64_t j = 0; j < a->places; j++)
        if (sees(a, i, j) && (double)p[j] > most)
            most = (double)p[j];
    for (int64_t j = 0; j < a->places; j++)
        if (sees(a, i, j))
            sum += dp_exp_d((double)p[j] - most);
    for (int64_t j = 0; j < a->places; j++)
        if (sees(a, i, j))
            p[j] = (float)(dp_exp_d((double)p[j] - most) / sum);
}

void dp_ref_attention_forward(const dp_attention *a)
{
    for (int64_t i = 0; i < a->places; i++) {
        float *p = a->p + i * a->places;
        for (int64_t j = 0; j < a->places; j++)
            if (sees(a, i, j))
                p[j] = product(a, a->q + i * a->stride, a->k + j * a->stride) * factor(a);
        softmax_row(a, i, p);
        for (int64_t e = 0; e < a->d; e++) {
            float acc = 0.0f;
            for (int64_t j = 0; j < a->places; j++)
                if (sees(a, i, j))
                    acc = dp_fma32(p[j], a->v[j * a->stride + e], acc);
            a->y[i * a->channels + e] = acc;
        }
    }
}

/* A row of p becomes the gradient of the scores. */
static void score_gradient(const dp_attention *a, int64_t i)
{
    const float *dy = a->dy + i * a->channels;
    float *p = a->p + i * a->places;
    double sum = 0.0;
    for (int64_t j = 0; j < a->places; j++)
        if (sees(a, i, j))
            sum += (double)product(a, dy, a->v + j * a->stride) * (double)p[j];
    for (int64_t j = 0; j < a->places; j++)
        if (sees(a, i, j)) {
            const double dp = (double)product(a, dy, a->v + j * a->stride);
            p[j] = (float)((double)p[j] * (dp - sum)) * factor(a);
        }
}

/* CHAIN over the i that see j of p_ij x_i, number e. */
static float down(const dp_attention *a, int64_t j, const float *x, int64_t stride, int64_t e)
{
    float acc = 0.0f;
    for (int64_t i = 0; i < a->places; i++)
        if (sees(a, i, j))
            acc = dp_fma32(a->p[i * a->places + j], x[i * stride + e], acc);
    return acc;
}

void dp_ref_attention_backward(const dp_attention *a)
{
    for (int64_t j = 0; j < a->places; j++)
        for (int64_t e = 0; e < a->d; e++)
            a->dv[j * a->stride + e] = down(a, j, a->dy, a->channels, e);
    for (int64_t i = 0; i < a->places; i++)
        score_gradient(a, i);
    for (int64_t i = 0; i < a->places; i++)
        for (int64_t e = 0; e < a->d; e++) {
            float dq = 0.0f;
            for (int64_t j = 0; j < a->places; j++)
                if (sees(a, i, j))
                    dq = dp_fma32(a->p[i * a->places + j], a->k[j * a->stride + e], dq);
            a->dq[i * a->stride + e] = dq;
            a->dk[i * a->stride + e] = down(a, i, a->q, a->stride, e);
        }
}
