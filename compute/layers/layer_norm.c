/* layer_norm.c - the channels of each place with mean 0 and variance 1, then scaled and shifted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * compute/math/norm.c, a row being the channels of a place.  dgamma, dbeta = SEQ64 over (n in
 * leaf, place) of dy h (exact), dy; TREE; rounded once.
 * Ba et al., arXiv 1607.06450.
 */
#include <string.h>

#include "compute/layers/layer.h"
#include "compute/math/norm.h"

typedef struct layer_norm {
    double epsilon;
} layer_norm;

static const dp_param params[] = {
    DP_NUMBER(layer_norm, epsilon, "1e-7", 1e-30, 1, "added to the variance"),
    DP_PARAMS_END,
};

enum { GAMMA, BETA };

/* Mean, then r of each place, kept from forward to backward. */
static float *kept(const dp_layer_run *r) { return r->memory; }

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
                                       .given = true,
                                       .whole = true,
                                       .initial = i == GAMMA};
    plan->memory = sizeof(float) * 2 * (size_t)(plan->n * plan->in.height * plan->in.width);
    plan->workspace = 4 * (size_t)plan->n * (size_t)c; /* two binary64 sums a leaf */
    plan->width = 2 * c;
    return DP_OK;
}

static dp_norm norm_of(const dp_layer_run *r)
{
    return (dp_norm){.kernels = r->math.kernels,
                     .row = r->in.channels,
                     .scales = r->in.channels,
                     .gamma = r->w[GAMMA],
                     .beta = r->w[BETA]};
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const layer_norm *p = params_;
    const int64_t places = r->in.height * r->in.width;
    dp_norm norm = norm_of(r);

    norm.epsilon = p->epsilon;
    for (int64_t place = sample * places; place < (sample + 1) * places; place++) {
        const dp_norm_moments m = dp_norm_row(&norm, place, r->x, r->y);
        kept(r)[2 * place] = m.mean;
        kept(r)[2 * place + 1] = dp_reciprocal_deviation((double)m.variance, p->epsilon);
    }
}

static void gradient_sample(void *ctx, uint64_t sample)
{
    const dp_layer_run *r = ctx;
    const int64_t places = r->in.height * r->in.width, first = (int64_t)sample * places;
    const dp_norm norm = norm_of(r);

    for (int64_t place = first; place < first + places; place++)
        dp_norm_row_gradient(&norm, place, kept(r)[2 * place], kept(r)[2 * place + 1], r->dy, r->x,
                             r->dx);
    dp_post_op_run(&r->dx_op, r->math.kernels, first * r->in.channels, places * r->in.channels);
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
    double *sums = sums_of(r, (int64_t)leaf);

    memset(sums, 0, 2 * sizeof *sums * (size_t)c);
    for (int64_t p = first; p < end && p < all; p++)
        dp_norm_add_scales(c, kept(r)[2 * p], kept(r)[2 * p + 1], r->dy + p * c, r->x + p * c, sums,
                           sums + c);
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
             sizeof(layer_norm), params},
    .prefix = "ln",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward = backward,
};
