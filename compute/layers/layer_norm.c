/* layer_norm.c - the channels of each place with mean 0 and variance 1, then scaled and shifted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, as the operator of that name (compute/ops/layer_norm.c), a row being the
 * channels of a place: s1, s2 = LANE64 of x, x^2; mean and variance = max(s2 / C - mean^2, 0),
 * rounded; r = 1 / sqrt(variance + epsilon), h = (x - mean) r, y = fma(h, gamma, beta).  Backward:
 * g = dy gamma; k1, k2 = LANE64 of g, g h, / C, rounded; dx = r fma(-h, k2, g - k1).  dgamma, dbeta
 * = SEQ64 over (n in leaf, place) of dy h (exact), dy; TREE; rounded once.
 * Ba et al., arXiv 1607.06450.
 */
#include <string.h>

#include "compute/layers/layer.h"
#include "compute/math/norm.h"
#include "compute/sums/lanes.h"

typedef struct layer_norm {
    double epsilon;
} layer_norm;

static const dp_param params[] = {
    DP_NUMBER(layer_norm, epsilon, "1e-7", 1e-30, 1, "added to the variance"),
    DP_PARAMS_END,
};

enum { GAMMA, BETA };

/* Of each place, kept from forward to backward: mean, then r. */
static float *kept(const dp_layer_run *r, int64_t sample)
{
    return (float *)r->memory + sample * 2 * r->in.height * r->in.width;
}

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    static const char *const names[] = {"gamma", "beta"};
    const int64_t c = plan->in.channels;

    (void)params_, (void)err;
    plan->n_weights = 2;
    for (int i = 0; i < 2; i++)
        plan->weights[i] = (dp_weight){.suffix = names[i],
                                       .rank = 1,
                                       .shape = {c},
                                       .fan_in = c,
                                       .given = true,
                                       .whole = true,
                                       .initial = i == GAMMA};
    plan->memory = sizeof(float) * 2 * (size_t)(plan->n * plan->in.height * plan->in.width);
    plan->workspace = 4 * (size_t)plan->n * (size_t)c; /* two binary64 sums a leaf */
    plan->width = 2 * c;
    return DP_OK;
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const int64_t c = r->in.channels, places = r->in.height * r->in.width;
    const float *x = r->x + sample * places * c;
    float *y = r->y + sample * places * c, *at = kept(r, sample);

    for (int64_t p = 0; p < places; p++, x += c, y += c, at += 2) {
        dp_lanes sums, squares;
        double mean, variance;
        dp_lanes_begin(&sums, r->math.kernels, 0.0);
        dp_lanes_begin(&squares, r->math.kernels, 0.0);
        dp_sum_add(&sums, x, c);
        dp_square_add(&squares, x, c);
        mean = dp_sum_end(&sums) / (double)c;
        variance = dp_sum_end(&squares) / (double)c - mean * mean;
        at[0] = (float)mean;
        at[1] = dp_reciprocal_deviation(variance < 0.0 ? 0.0f : (float)variance,
                                        ((const layer_norm *)params_)->epsilon);
        r->math.kernels->normalize_row(c, x, at[0], at[1], r->w[GAMMA], r->w[BETA], y);
    }
}

#define SOME 512 /* channels at a time */

typedef struct row {
    const dp_kernels *kernels;
    const float *dy, *x, *gamma, *at;
    int64_t n;
} row;

static int64_t look(const row *w, int64_t i, float g[SOME], float h[SOME])
{
    const int64_t n = w->n - i < SOME ? w->n - i : SOME;
    w->kernels->row_terms(n, w->dy + i, w->x + i, w->at[0], w->at[1], w->gamma + i, g, h);
    return n;
}

static void input_gradient(const row *w, float *dx)
{
    float g[SOME], h[SOME], k1, k2;
    dp_lanes sums, products;

    dp_lanes_begin(&sums, w->kernels, 0.0);
    dp_lanes_begin(&products, w->kernels, 0.0);
    for (int64_t i = 0, n; i < w->n; i += n) {
        n = look(w, i, g, h);
        dp_sum_add(&sums, g, n);
        dp_dot_add(&products, g, h, n);
    }
    k1 = (float)(dp_sum_end(&sums) / (double)w->n);
    k2 = (float)(dp_sum_end(&products) / (double)w->n);
    for (int64_t i = 0, n; i < w->n; i += n) {
        n = look(w, i, g, h);
        w->kernels->row_gradient(n, g, h, w->at[1], k1, k2, dx + i);
    }
}

static void gradient_sample(void *ctx, uint64_t sample)
{
    const dp_layer_run *r = ctx;
    const int64_t c = r->in.channels, size = dp_extent_size(&r->in), first = (int64_t)sample * size;

    for (int64_t i = first; i < first + size; i += c) {
        const row w = {r->math.kernels,
                       r->dy + i,
                       r->x + i,
                       r->w[GAMMA],
                       kept(r, (int64_t)sample) + 2 * ((i - first) / c),
                       c};
        input_gradient(&w, r->dx + i);
    }
    dp_post_op_run(&r->dx_op, r->math.kernels, first, size);
}

static double *sums_of(const dp_layer_run *r, int64_t leaf)
{
    return (double *)(void *)r->math.workspace + 2 * leaf * r->in.channels;
}

static void sum_leaf(void *ctx, uint64_t leaf)
{
    const dp_layer_run *r = ctx;
    const int64_t c = r->in.channels, places = r->in.height * r->in.width;
    const int64_t first = (int64_t)leaf * r->share->leaf * places;
    const int64_t end = first + r->share->leaf * places, all = r->math.n * places;
    const float *at = kept(r, 0);
    double *sums = sums_of(r, (int64_t)leaf);

    memset(sums, 0, 2 * sizeof *sums * (size_t)c);
    for (int64_t p = first; p < end && p < all; p++) {
        for (int64_t j = 0; j < c; j++) {
            const float h = (r->x[p * c + j] - at[2 * p]) * at[2 * p + 1], dy = r->dy[p * c + j];
            sums[j] += (double)dy * (double)h;
            sums[c + j] += (double)dy;
        }
    }
}

static void backward(const void *params_, const dp_layer_run *r)
{
    const int64_t c = r->in.channels;
    const double *sums = sums_of(r, 0);
    dp_layer_run copy = *r;

    (void)params_;
    dp_workers_run(r->math.workers, (uint64_t)dp_share_leaves(r->share), sum_leaf, &copy);
    dp_share_sum(r->share, sums_of(r, 0), 2 * c);
    for (int64_t j = 0; j < c; j++) {
        r->dw[GAMMA][j] = (float)sums[j];
        r->dw[BETA][j] = (float)sums[c + j];
    }
    if (r->dx != NULL)
        dp_workers_run(r->math.workers, (uint64_t)r->math.n, gradient_sample, &copy);
}

const dp_layer dp_layer_layer_norm = {
    .info = {"layer", "layer_norm", "channels of each place of mean 0 and variance 1, scaled", 1,
             params},
    .prefix = "ln",
    .size = sizeof(layer_norm),
    .plan = plan,
    .forward_sample = forward_sample,
    .backward = backward,
};
