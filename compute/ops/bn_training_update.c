/* bn_training_update.c - each channel with mean 0 and variance 1, then scaled and shifted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: mean = sum / N, variance = max(square_sum / N - mean^2, 0) in binary64, each
 * rounded once; r = 1 / sqrt(variance + epsilon) of the rounded variance in binary64, rounded once;
 * y = fma(x - mean, scale r, offset) in binary32.  The running ones become fma(factor, new - old,
 * old), of the variance times N / (N - 1).  Backward: doffset and dscale are SEQ64 over (n in
 * leaf, place) of dy and of dy h (exact), h = (x - mean) r; TREE over leaves; rounded once.
 */
#include "base/number/num.h"
#include "compute/math/norm.h"
#include "compute/ops/channels.h"

typedef struct bn_training_update {
    int64_t leaf_size;
    double factor, epsilon;
    dp_channels c;
} bn_training_update;

static const dp_param params[] = {
    DP_NUMBER(bn_training_update, factor, "0.1", 0, 1, "share of the new in the running ones"),
    DP_NUMBER(bn_training_update, epsilon, "1e-5", 0, 1, "added to the variance"),
    DP_INT(bn_training_update, leaf_size, "4", 1, 65536,
           "backward: samples of a leaf, a power of two"),
    DP_PARAMS_END,
};

enum { X, SUM, SQUARE_SUM, SCALE, OFFSET, MEAN, VARIANCE };

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    bn_training_update *p = params_;
    dp_status status = dp_channels_of(plan, X, &p->c, err);
    const dp_tensor channel = {NULL, DP_F32, 1, {p->c.channels}};

    for (size_t i = SUM; i <= VARIANCE && status == DP_OK; i++)
        status = dp_op_expect_type(plan, i, &channel, err);
    plan->out[0] = plan->in[X];
    for (size_t i = 1; i < 5; i++)
        plan->out[i] = channel;
    plan->n_out = 5;
    return status;
}

static float at(const dp_tensor *t, int64_t c) { return ((const float *)t->data)[c]; }

/* Statistics of a channel, and its running ones. */
static void update_channel(const bn_training_update *p, const dp_op_run_args *a, int64_t c)
{
    const double n = (double)(p->c.n * p->c.places);
    const double mean = (double)at(&a->in[SUM], c) / n;
    const double variance = dp_variance_of(mean, (double)at(&a->in[SQUARE_SUM], c) / n);
    const float factor = (float)p->factor, old_mean = at(&a->in[MEAN], c),
                old_variance = at(&a->in[VARIANCE], c),
                unbiased = (float)(n > 1.0 ? variance * n / (n - 1.0) : variance);

    ((float *)a->out[1].data)[c] = dp_fma32(factor, (float)mean - old_mean, old_mean);
    ((float *)a->out[2].data)[c] = dp_fma32(factor, unbiased - old_variance, old_variance);
    ((float *)a->out[3].data)[c] = (float)mean;
    ((float *)a->out[4].data)[c] = (float)variance;
}

static void normalize_channel(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const bn_training_update *p = ((const dp_op_task *)ctx)->params;
    const int64_t c = (int64_t)index % p->c.channels, first = (int64_t)index * p->c.places;
    const float mean = at(&a->out[3], c), offset = at(&a->in[OFFSET], c),
                scale = at(&a->in[SCALE], c) *
                        dp_reciprocal_deviation((double)at(&a->out[4], c), p->epsilon);
    const float *x = a->in[X].data;

    for (int64_t i = first; i < first + p->c.places; i++)
        ((float *)a->out[0].data)[i] = dp_fma32(x[i] - mean, scale, offset);
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const bn_training_update *p = params_;
    dp_op_task task = {params_, a};

    (void)err;
    for (int64_t c = 0; c < p->c.channels; c++)
        update_channel(p, a, c);
    dp_workers_run(a->workers, (uint64_t)(p->c.n * p->c.channels), normalize_channel, &task);
    return DP_OK;
}

/* dy, x, batch_mean, batch_variance */
static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    bn_training_update *p = params_;
    dp_status status = dp_channels_of(plan, 1, &p->c, err);
    const dp_tensor channel = {NULL, DP_F32, 1, {p->c.channels}};

    if (status == DP_OK)
        status = dp_op_expect_type(plan, 0, &plan->in[1], err);
    for (size_t i = 2; i < 4 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, i, &channel, err);
    plan->out[0] = plan->out[1] = channel;
    plan->n_out = 2;
    plan->workspace = sizeof(float) * (size_t)p->c.channels;
    return status == DP_OK ? dp_op_check_leaf(p->leaf_size, err) : status;
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const bn_training_update *p = params_;
    float *r = a->workspace;
    const dp_channel_sums s = {.c = p->c,
                               .leaf_size = p->leaf_size,
                               .dy = a->in[0].data,
                               .x = a->in[1].data,
                               .mean = a->in[2].data,
                               .r = r,
                               .first = a->out[1].data,
                               .second = a->out[0].data};

    (void)err;
    for (int64_t c = 0; c < p->c.channels; c++)
        r[c] = dp_reciprocal_deviation((double)at(&a->in[3], c), p->epsilon);
    dp_channel_sums_run(&s, a->workers);
    return DP_OK;
}

#define IMAGES  DP_FLOATS(4, 9, 11, 3, 5)
#define CHANNEL DP_FLOATS(1, 11)
#define ABOVE_0 DP_POSITIVES(1, 11)

const dp_operator dp_operator_bn_training_update = {
    .info = {{"operator", "bn_training_update",
              "channels of mean 0 and variance 1, scaled and shifted", 1,
              sizeof(bn_training_update), params},
             "BNTrainingUpdate,BNTrainingUpdateGrad",
             "forward has no sum; dscale, doffset: SEQ64 over (n in leaf, place), TREE over leaves",
             {{"x,sum,square_sum,scale,offset,mean,variance",
               "y,mean,variance,batch_mean,batch_variance"},
              {"dy,x,batch_mean,batch_variance", "dscale,doffset"}}},
    .part = {{plan,
              run,
              "bn_training_update",
              {IMAGES, CHANNEL, ABOVE_0, CHANNEL, CHANNEL, CHANNEL, ABOVE_0}},
             {plan_backward,
              run_backward,
              "bn_training_update leaf_size=2",
              {IMAGES, IMAGES, CHANNEL, ABOVE_0}}},
};
