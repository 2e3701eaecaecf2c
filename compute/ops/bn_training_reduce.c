/* bn_training_reduce.c - sum and sum of squares of each channel, and the gradient of the input
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: SEQ64 over (n in leaf, place) of x and of x^2 (exact), TREE over leaves,
 * rounded once.  Backward (element by element, despite its name): r = 1 / sqrt(variance + epsilon)
 * and k1 = doffset / N, k2 = dscale / N in binary64, rounded once; h = (x - mean) r, dx = (scale r)
 * fma(-h, k2, dy - k1) in binary32.
 */
#include "base/number/num.h"
#include "compute/math/norm.h"
#include "compute/ops/channels.h"

typedef struct bn_training_reduce {
    int64_t leaf_size;
    double epsilon;
    dp_channels c;
} bn_training_reduce;

static const dp_param params[] = {
    DP_INT(bn_training_reduce, leaf_size, "4", 1, 65536, "samples of a leaf: a power of two"),
    DP_NUMBER(bn_training_reduce, epsilon, "1e-4", 0, 1, "backward: added to the variance"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    bn_training_reduce *p = params_;
    const dp_status status = dp_channels_of(plan, 0, &p->c, err);

    plan->out[0] = plan->out[1] = (dp_tensor){NULL, DP_F32, 1, {p->c.channels}};
    plan->n_out = 2;
    return status == DP_OK ? dp_op_check_leaf(p->leaf_size, err) : status;
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const bn_training_reduce *p = params_;
    const dp_channel_sums s = {.c = p->c,
                               .leaf_size = p->leaf_size,
                               .x = a->in[0].data,
                               .first = a->out[0].data,
                               .second = a->out[1].data};

    (void)err;
    dp_channel_sums_run(&s, a->workers);
    return DP_OK;
}

/* dy, x, dscale, doffset, scale, mean, variance */
static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    bn_training_reduce *p = params_;
    dp_status status = dp_channels_of(plan, 1, &p->c, err);
    const dp_tensor channel = {NULL, DP_F32, 1, {p->c.channels}};

    if (status == DP_OK)
        status = dp_op_expect_type(plan, 0, &plan->in[1], err);
    for (size_t i = 2; i < 7 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, i, &channel, err);
    plan->out[0] = plan->in[1];
    plan->n_out = 1;
    return status;
}

static void channel_gradient(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const bn_training_reduce *p = ((const dp_op_task *)ctx)->params;
    const int64_t c = (int64_t)index % p->c.channels, first = (int64_t)index * p->c.places;
    const double n = (double)(p->c.n * p->c.places);
    const float *dy = a->in[0].data, *x = a->in[1].data;
    const float k1 = (float)((double)((const float *)a->in[3].data)[c] / n),
                k2 = (float)((double)((const float *)a->in[2].data)[c] / n),
                mean = ((const float *)a->in[5].data)[c],
                r = dp_reciprocal_deviation((double)((const float *)a->in[6].data)[c], p->epsilon),
                scale = ((const float *)a->in[4].data)[c] * r;

    for (int64_t i = first; i < first + p->c.places; i++)
        ((float *)a->out[0].data)[i] = scale * dp_fma32(-((x[i] - mean) * r), k2, dy[i] - k1);
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const bn_training_reduce *p = params_;
    dp_op_task task = {params_, a};

    (void)err;
    dp_workers_run(a->workers, (uint64_t)(p->c.n * p->c.channels), channel_gradient, &task);
    return DP_OK;
}

#define X       DP_FLOATS(4, 9, 11, 3, 5)
#define CHANNEL DP_FLOATS(1, 11)
#define ABOVE_0 DP_POSITIVES(1, 11)

const dp_operator dp_operator_bn_training_reduce = {
    .info = {{"operator", "bn_training_reduce", "sum and sum of squares of each channel", 1,
              sizeof(bn_training_reduce), params},
             "BNTrainingReduce,BNTrainingReduceGrad",
             "SEQ64 over (n in leaf, place), TREE over leaves, rounded once; backward has no sum",
             {{"x", "sum,square_sum"}, {"dy,x,dscale,doffset,scale,mean,variance", "dx"}}},
    .part = {{plan, run, "bn_training_reduce leaf_size=2", {X}},
             {plan_backward,
              run_backward,
              "bn_training_reduce",
              {X, X, CHANNEL, CHANNEL, CHANNEL, CHANNEL, ABOVE_0}}},
};
