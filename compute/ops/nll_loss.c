/* nll_loss.c - minus the log-probability of the label, weighted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: -w x in binary64 (exact), SEQ64 in a leaf of samples, TREE over leaves; the
 * weights likewise; one division; rounded once.  Backward: -w dy / total_weight in binary64,
 * rounded once, at the label; +0 elsewhere.
 */
#include <string.h>

#include "compute/ops/leaf_sums.h"
#include "compute/ops/operator.h"

enum { NONE, SUM, MEAN };

typedef struct nll_loss {
    int32_t reduction;
    int64_t ignore_index, leaf_size;
} nll_loss;

static const dp_param params[] = {
    DP_CHOICE(nll_loss, reduction, "mean", "none,sum,mean", "of the samples' losses"),
    DP_INT(nll_loss, ignore_index, "-100", INT32_MIN, INT32_MAX, "samples with this label are 0"),
    DP_INT(nll_loss, leaf_size, "4", 1, 65536, "samples of a leaf of the sum: a power of two"),
    DP_PARAMS_END,
};

static dp_status check(const nll_loss *p, const dp_op_plan *plan, size_t first, dp_error *err)
{
    const dp_tensor *x = &plan->in[first];
    const dp_tensor labels = {NULL, DP_I32, 1, {x->shape[0]}};
    const dp_tensor weight = {NULL, DP_F32, 1, {x->shape[1]}};
    dp_status status = dp_op_expect(plan, first, DP_F32, 2, err);

    if (status == DP_OK)
        status = dp_op_expect_type(plan, first + 1, &labels, err);
    if (status == DP_OK)
        status = dp_op_expect_type(plan, first + 2, &weight, err);
    return status == DP_OK ? dp_op_check_leaf(p->leaf_size, err) : status;
}

static dp_tensor loss_type(const nll_loss *p, const dp_tensor *x)
{
    return p->reduction == NONE ? (dp_tensor){NULL, DP_F32, 1, {x->shape[0]}}
                                : (dp_tensor){NULL, DP_F32, 0, {0}};
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    const nll_loss *p = params_;

    plan->out[0] = loss_type(p, &plan->in[0]);
    plan->out[1] = (dp_tensor){NULL, DP_F32, 0, {0}};
    plan->n_out = 2;
    return check(p, plan, 0, err);
}

static dp_status check_labels(const nll_loss *p, const dp_tensor *x, const int32_t *labels,
                              dp_error *err)
{
    for (int64_t i = 0; i < x->shape[0]; i++) {
        if (labels[i] != p->ignore_index && (labels[i] < 0 || labels[i] >= x->shape[1]))
            return dp_fail(err, DP_EINVAL, "label %d of sample %lld is not a class: there are %lld",
                           labels[i], (long long)i, (long long)x->shape[1]);
    }
    return DP_OK;
}

#define AHEAD                                                                                      \
    16 /* samples: each number lies in a row of its own, so memory is asked for it before */

/* The samples of a leaf; `ahead` of them and of those behind it are there. */
static void add_leaf(const nll_loss *p, const dp_op_run_args *a, int64_t first, int64_t n,
                     int64_t ahead, dp_leaf_sums *s)
{
    const int64_t classes = a->in[0].shape[1], ignored = p->ignore_index;
    const int32_t *labels = (const int32_t *)a->in[1].data + first;
    const float *x = (const float *)a->in[0].data + first * classes, *weight = a->in[2].data;
    float *loss = p->reduction == NONE ? (float *)a->out[0].data + first : NULL;
    double losses = 0, weights = 0;

    for (int64_t i = 0; i < n; i++) {
        const bool counts = labels[i] != ignored;
        const double w = counts ? (double)weight[labels[i]] : 0.0;
        const double one = counts ? -(w * (double)x[i * classes + labels[i]]) : 0.0;
        if (i + AHEAD < ahead && labels[i + AHEAD] != ignored)
            __builtin_prefetch(&x[(i + AHEAD) * classes + labels[i + AHEAD]]);
        losses += one;
        weights += w;
        if (loss != NULL)
            loss[i] = (float)one;
    }
    s->sum[0] = losses;
    s->sum[1] = weights;
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const nll_loss *p = params_;
    const int32_t *labels = a->in[1].data;
    const int64_t n = a->in[0].shape[0];
    float *loss = a->out[0].data, *total = a->out[1].data;
    int64_t first = 0;
    const double *sums;
    dp_leaf_sums s;
    const dp_status status = check_labels(p, &a->in[0], labels, err);

    if (status != DP_OK)
        return status;
    dp_leaf_sums_begin(&s, 2);
    do {
        const int64_t left = n - first;
        add_leaf(p, a, first, left < p->leaf_size ? left : p->leaf_size, left, &s);
        dp_leaf_sums_end_leaf(&s);
        first += p->leaf_size;
    } while (first < n);
    sums = dp_leaf_sums_total(&s);
    *total = (float)sums[1];
    if (p->reduction != NONE)
        *loss = (float)(p->reduction == SUM ? sums[0] : sums[0] / sums[1]);
    return DP_OK;
}

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    const nll_loss *p = params_;
    const dp_tensor loss = loss_type(p, &plan->in[1]), scalar = {NULL, DP_F32, 0, {0}};
    dp_status status = check(p, plan, 1, err);

    if (status == DP_OK)
        status = dp_op_expect_type(plan, 0, &loss, err);
    plan->out[0] = plan->in[1];
    plan->n_out = 1;
    return status == DP_OK ? dp_op_expect_type(plan, 4, &scalar, err) : status;
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const nll_loss *p = params_;
    const float *dy = a->in[0].data, *weight = a->in[3].data;
    const int32_t *labels = a->in[2].data;
    const int64_t n = a->in[1].shape[0], classes = a->in[1].shape[1];
    const double total = p->reduction == MEAN ? (double)*(const float *)a->in[4].data : 1.0;
    float *dx = a->out[0].data;
    const dp_status status = check_labels(p, &a->in[1], labels, err);

    if (status != DP_OK)
        return status;
    memset(dx, 0, dp_tensor_bytes(&a->out[0]));
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)dy[p->reduction == NONE ? i : 0];
        if (labels[i] != p->ignore_index)
            dx[i * classes + labels[i]] = (float)(-((double)weight[labels[i]] * d) / total);
    }
    return DP_OK;
}

static const int32_t labels[] = {3, 0, -1, 6, 2, 2, 5, -1, 4, 1, 0};
static const float total_weight[] = {5.25f};
#define CLASSES 7
#define SAMPLES 11

const dp_operator dp_operator_nll_loss = {
    .info =
        {{"operator", "nll_loss", "minus the log-probability of the label", 1, sizeof(nll_loss),
          params},
         "NLLLoss,NLLLossGrad",
         "-w x exact in binary64, SEQ64 in a leaf, TREE over leaves; one division; rounded once",
         {{"logits,labels,weight", "loss,total_weight"},
          {"dy,logits,labels,weight,total_weight", "dx"}}},
    .part = {{plan,
              run,
              "nll_loss ignore_index=-1 leaf_size=2",
              {DP_FLOATS(2, SAMPLES, CLASSES), DP_GIVEN(labels, DP_I32, 1, SAMPLES),
               DP_POSITIVES(1, CLASSES)}},
             {plan_backward,
              run_backward,
              "nll_loss ignore_index=-1",
              {DP_FLOATS(0, 0), DP_FLOATS(2, SAMPLES, CLASSES),
               DP_GIVEN(labels, DP_I32, 1, SAMPLES), DP_POSITIVES(1, CLASSES),
               DP_GIVEN(total_weight, DP_F32, 0, 0)}}},
};
