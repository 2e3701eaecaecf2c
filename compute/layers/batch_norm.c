/* batch_norm.c - each channel with mean 0 and variance 1 over the batch, then scaled and shifted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: s1, s2 = SEQ64 over (n in leaf, place) of x and x^2 (exact), TREE over leaves;
 * mean = s1 / N, variance = max(s2 / N - mean^2, 0), r = 1 / sqrt(variance + eps) in binary64, mean
 * and r rounded once; y = fma(x - mean, gamma r, beta).  Backward: dbeta, dgamma = SEQ64 of dy and
 * dy h (exact), h = (x - mean) r; TREE; rounded once; k1 = dbeta / N, k2 = dgamma / N of the sums
 * before that; dx = (gamma r) fma(-h, k2, dy - k1).  Outside of training the moving ones take the
 * place of mean and variance: after each step they are fma(1 - momentum, new - old, old), the
 * variance times N / (N - 1).  With statistics=small all of this is of a small batch, but dbeta and
 * dgamma, whose TREE goes on over the small batches; the moving ones take each in turn.
 */
#include <string.h>

#include "base/number/num.h"
#include "compute/layers/layer.h"
#include "compute/math/norm.h"

typedef struct batch_norm {
    double momentum, eps;
    int32_t statistics;
} batch_norm;

enum { BATCH, SMALL };

static const dp_param params[] = {
    DP_NUMBER(batch_norm, momentum, "0.9", 0, 1, "share of the moving ones that stays"),
    DP_NUMBER(batch_norm, eps, "1e-5", 1e-30, 1, "added to the variance"),
    DP_LATER_CHOICE(batch_norm, statistics, "batch", "batch,small",
                    "whose: the whole batch's, or those of each small batch of accumulate="),
    DP_PARAMS_END,
};

enum { GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE };

/* Kept from forward to backward, and made there: [channels] each.  next: the moving ones after this
 * step, if it is done. */
typedef struct statistics {
    float *mean, *variance, *r, *scale, *k1, *k2, *next_mean, *next_variance;
} statistics;
#define N_STATISTICS 8

static statistics statistics_of(const dp_layer_run *r)
{
    float *at = r->memory;
    const int64_t c = r->in.channels;
    return (statistics){at,         at + c,     at + 2 * c, at + 3 * c,
                        at + 4 * c, at + 5 * c, at + 6 * c, at + 7 * c};
}

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    const batch_norm *p = params_;
    static const char *const names[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    const int64_t c = plan->in.channels;

    if (plan->accumulates && p->statistics == BATCH)
        return dp_fail(err, DP_ESPEC,
                       "takes the mean and variance of the whole batch, which accumulate= never "
                       "has at once: statistics=small takes those of each small batch, with other "
                       "bits");
    plan->n_weights = 4;
    for (int i = 0; i < 4; i++)
        plan->weights[i] = (dp_weight){.suffix = names[i],
                                       .rank = 1,
                                       .shape = {c},
                                       .given = true,
                                       .is_state = i >= MOVING_MEAN,
                                       .whole = true,
                                       .initial = i == GAMMA || i == MOVING_VARIANCE};
    plan->memory = sizeof(float) * N_STATISTICS * (size_t)c;
    plan->workspace = 4 * (size_t)plan->n * (size_t)c; /* two binary64 sums a leaf */
    plan->width = 2 * c;
    return DP_OK;
}

/* ---- sums of leaves, then of all ---- */

/* Two sums for each channel. */
static double *sums_of(const dp_layer_run *r, int64_t leaf)
{
    return (double *)(void *)r->math.workspace + 2 * leaf * r->in.channels;
}

/* Places of a leaf: the first one, and how many. */
static int64_t places_of(const dp_layer_run *r, int64_t leaf, int64_t *first)
{
    const int64_t places = r->in.height * r->in.width, end = (leaf + 1) * r->share->leaf;

    *first = leaf * r->share->leaf * places;
    return (end < r->math.n ? end : r->math.n) * places - *first;
}

static void sum_leaf(void *ctx, uint64_t leaf)
{
    const dp_layer_run *r = ctx;
    const int64_t c = r->in.channels;
    double *s1 = sums_of(r, (int64_t)leaf), *s2 = s1 + c;
    int64_t first;
    const int64_t n = places_of(r, (int64_t)leaf, &first);

    memset(s1, 0, 2 * sizeof *s1 * (size_t)c);
    r->math.kernels->moments(n, c, r->x + first * c, s1, s2);
}

static void sum_gradient_leaf(void *ctx, uint64_t leaf)
{
    const dp_layer_run *r = ctx;
    const statistics s = statistics_of(r);
    const int64_t c = r->in.channels;
    double *s1 = sums_of(r, (int64_t)leaf), *s2 = s1 + c;
    int64_t first;
    const int64_t n = places_of(r, (int64_t)leaf, &first);

    memset(s1, 0, 2 * sizeof *s1 * (size_t)c);
    r->math.kernels->gradient_moments(n, c, s.mean, s.r, r->x + first * c, r->dy + first * c, s1,
                                      s2);
}

/* TREE over the leaves of the small batch, in the place of the first. */
static double *sum_leaves(const dp_layer_run *r, dp_task *leaf_task)
{
    dp_layer_run copy = *r;

    dp_workers_run(r->math.workers, (uint64_t)dp_share_leaves(r->share), leaf_task, &copy);
    dp_share_sum_small(r->share, sums_of(r, 0), 2 * r->in.channels);
    return sums_of(r, 0);
}

/* ---- forward ---- */

static double count_of(const dp_layer_run *r)
{
    return (double)(r->share->total * r->in.height * r->in.width);
}

static void find_statistics(const batch_norm *p, const dp_layer_run *r, const statistics *s)
{
    const double *s1 = sum_leaves(r, sum_leaf), *s2 = s1 + r->in.channels;
    const double n = count_of(r);

    for (int64_t j = 0; j < r->in.channels; j++) {
        const double mean = s1[j] / n, variance = dp_variance_of(mean, s2[j] / n);
        s->mean[j] = (float)mean;
        s->variance[j] = (float)(n > 1.0 ? variance * (n / (n - 1.0)) : variance);
        s->r[j] = dp_reciprocal_deviation(variance, p->eps);
    }
}

/* The moving ones take a step with each small batch. */
static void move(const batch_norm *p, const dp_layer_run *r, const statistics *s)
{
    const float share = (float)(1.0 - p->momentum);
    const bool begins = r->share->number == 0;
    const float *mean = begins ? r->w[MOVING_MEAN] : s->next_mean,
                *variance = begins ? r->w[MOVING_VARIANCE] : s->next_variance;

    for (int64_t j = 0; j < r->in.channels; j++) {
        s->next_mean[j] = dp_fma32(share, s->mean[j] - mean[j], mean[j]);
        s->next_variance[j] = dp_fma32(share, s->variance[j] - variance[j], variance[j]);
    }
}

static void take_moving(const batch_norm *p, const dp_layer_run *r, const statistics *s)
{
    for (int64_t j = 0; j < r->in.channels; j++) {
        s->mean[j] = r->w[MOVING_MEAN][j];
        s->r[j] = dp_reciprocal_deviation((double)r->w[MOVING_VARIANCE][j], p->eps);
    }
}

static void normalize_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const statistics s = statistics_of(r);
    const int64_t size = dp_extent_size(&r->in), first = (int64_t)i * size;

    r->math.kernels->normalize(r->in.height * r->in.width, r->in.channels, r->x + first, s.mean,
                               s.scale, r->w[BETA], r->y + first);
    dp_post_op_run(&r->y_op, r->math.kernels, first, size);
}

static void forward(const void *params_, const dp_layer_run *r)
{
    const statistics s = statistics_of(r);
    dp_layer_run copy = *r;

    (r->training ? find_statistics : take_moving)(params_, r, &s);
    if (r->training)
        move(params_, r, &s);
    for (int64_t j = 0; j < r->in.channels; j++)
        s.scale[j] = r->w[GAMMA][j] * s.r[j];
    dp_workers_run(r->math.workers, (uint64_t)r->math.n, normalize_sample, &copy);
}

/* ---- backward ---- */

static void gradient_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const statistics s = statistics_of(r);
    const dp_normal normal = {s.mean, s.r, s.scale, s.k1, s.k2};
    const int64_t size = dp_extent_size(&r->in), first = (int64_t)i * size;

    r->math.kernels->normalize_gradient(r->in.height * r->in.width, r->in.channels, &normal,
                                        r->x + first, r->dy + first, r->dx + first);
    dp_post_op_run(&r->dx_op, r->math.kernels, first, size);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    const statistics s = statistics_of(r);
    double *s1 = sum_leaves(r, sum_gradient_leaf), *s2 = s1 + r->in.channels;
    const double n = count_of(r);
    dp_layer_run copy = *r;

    (void)params_;
    for (int64_t j = 0; j < r->in.channels; j++) {
        s.k1[j] = (float)(s1[j] / n);
        s.k2[j] = (float)(s2[j] / n);
    }
    dp_share_fold(r->share, s1, 2 * r->in.channels);
    for (int64_t j = 0; j < r->in.channels; j++) {
        r->dw[BETA][j] = (float)s1[j];
        r->dw[GAMMA][j] = (float)s2[j];
    }
    if (r->dx != NULL)
        dp_workers_run(r->math.workers, (uint64_t)r->math.n, gradient_sample, &copy);
}

static void commit(const void *params_, const dp_layer_run *r)
{
    const statistics s = statistics_of(r);
    const size_t size = sizeof(float) * (size_t)r->in.channels;

    (void)params_;
    memcpy(r->w[MOVING_MEAN], s.next_mean, size);
    memcpy(r->w[MOVING_VARIANCE], s.next_variance, size);
}

const dp_layer dp_layer_batch_norm = {
    .info = {"layer", "batch_norm", "channels of mean 0 and variance 1, scaled and shifted", 1,
             sizeof(batch_norm), params},
    .prefix = "bn",
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .commit = commit,
};
