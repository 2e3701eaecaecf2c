/* layer_norm.c - each row with mean 0 and variance 1, then scaled and shifted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * compute/math/norm.c.  dgamma, dbeta: SEQ64 over the rows of a leaf of samples, of dy h (exact)
 * and dy; TREE over leaves; rounded once.
 */
#include "compute/math/norm.h"
#include "compute/ops/leaf_sums.h"
#include "compute/ops/operator.h"

typedef struct layer_norm {
    int64_t begin_norm_axis, begin_params_axis, leaf_size;
    double epsilon;
    int64_t rows, row; /* how many, elements of one */
    int64_t scales;    /* elements of gamma */
    int64_t leaf;      /* elements of a leaf */
} layer_norm;

static const dp_param params[] = {
    DP_INT(layer_norm, begin_norm_axis, "1", -DP_MAX_RANK, DP_MAX_RANK - 1, "first axis of a row"),
    DP_INT(layer_norm, begin_params_axis, "1", -DP_MAX_RANK, DP_MAX_RANK - 1,
           "first axis of gamma and beta"),
    DP_NUMBER(layer_norm, epsilon, "1e-7", 0, 1, "added to the variance"),
    DP_INT(layer_norm, leaf_size, "4", 1, 65536, "samples of a leaf: a power of two"),
    DP_PARAMS_END,
};

static dp_status find_axis(int64_t given, int32_t rank, int32_t *axis, dp_error *err)
{
    *axis = (int32_t)(given < 0 ? given + rank : given);
    return *axis >= 0 && *axis < rank ? DP_OK
                                      : dp_fail(err, DP_EINVAL, "axis %lld of a tensor of rank %d",
                                                (long long)given, rank);
}

/* The types of gamma and of mean, and the sizes. */
static dp_status fit(layer_norm *p, const dp_tensor *x, dp_tensor *gamma, dp_tensor *mean,
                     dp_error *err)
{
    int32_t norm = 0, first = 0;
    dp_status status = find_axis(p->begin_norm_axis, x->rank, &norm, err);

    if (status == DP_OK)
        status = find_axis(p->begin_params_axis, x->rank, &first, err);
    if (status == DP_OK && dp_tensor_count(x) == 0)
        status = dp_fail(err, DP_EINVAL, "x has no element");
    if (status != DP_OK)
        return status;
    *gamma = *mean = (dp_tensor){.dtype = DP_F32};
    for (int32_t d = first; d < x->rank; d++)
        gamma->shape[gamma->rank++] = x->shape[d];
    for (int32_t d = 0; d < x->rank; d++)
        mean->shape[mean->rank++] = d < norm ? x->shape[d] : 1;
    p->scales = (int64_t)dp_tensor_count(gamma);
    p->rows = (int64_t)dp_tensor_count(mean);
    p->row = (int64_t)dp_tensor_count(x) / p->rows;
    p->leaf = (int64_t)dp_tensor_count(x) / x->shape[0] * p->leaf_size;
    return dp_op_check_leaf(p->leaf_size, err);
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    dp_tensor gamma, mean;
    dp_status status = dp_op_expect(plan, 0, DP_F32, -1, err);

    if (status == DP_OK)
        status = fit(params_, &plan->in[0], &gamma, &mean, err);
    for (size_t i = 1; i < 3 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, i, &gamma, err);
    plan->out[0] = plan->in[0];
    plan->out[1] = plan->out[2] = mean;
    plan->n_out = 3;
    return status;
}

static dp_norm norm_of(const layer_norm *p, const dp_op_run_args *a, const float *gamma,
                       const float *beta)
{
    return (dp_norm){a->kernels, p->row, p->scales, gamma, beta, p->epsilon};
}

static void normalize_row(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const dp_norm norm =
        norm_of(((const dp_op_task *)ctx)->params, a, a->in[1].data, a->in[2].data);
    const dp_norm_moments m = dp_norm_row(&norm, (int64_t)index, a->in[0].data, a->out[0].data);

    ((float *)a->out[1].data)[index] = m.mean;
    ((float *)a->out[2].data)[index] = m.variance;
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    dp_op_task task = {params_, a};

    (void)err;
    dp_workers_run(a->workers, (uint64_t)((const layer_norm *)params_)->rows, normalize_row, &task);
    return DP_OK;
}

/* ---- backward: dy, x, mean, variance, gamma ---- */

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    dp_tensor gamma, mean;
    dp_status status = dp_op_expect(plan, 1, DP_F32, -1, err);

    if (status == DP_OK)
        status = fit(params_, &plan->in[1], &gamma, &mean, err);
    if (status == DP_OK)
        status = dp_op_expect_type(plan, 0, &plan->in[1], err);
    for (size_t i = 2; i < 5 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, i, i < 4 ? &mean : &gamma, err);
    plan->out[0] = plan->in[1];
    plan->out[1] = plan->out[2] = gamma;
    plan->n_out = 3;
    plan->workspace = sizeof(float) * (size_t)((const layer_norm *)params_)->rows;
    return status;
}

static void input_gradient_row(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const layer_norm *p = ((const dp_op_task *)ctx)->params;
    const dp_norm norm = norm_of(p, a, a->in[4].data, NULL);
    const float mean = ((const float *)a->in[2].data)[index];
    float *r = (float *)a->workspace + index;

    *r = dp_reciprocal_deviation((double)((const float *)a->in[3].data)[index], p->epsilon);
    dp_norm_row_gradient(&norm, (int64_t)index, mean, *r, a->in[0].data, a->in[1].data,
                         a->out[0].data);
}

/* Some elements of gamma and beta, over all that they were used for. */
static void scale_gradient(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const layer_norm *p = ((const dp_op_task *)ctx)->params;
    const float *dy = a->in[0].data, *x = a->in[1].data, *mean = a->in[2].data, *r = a->workspace;
    const int64_t first = (int64_t)index * (DP_COLUMNS / 2), end = p->rows * p->row;
    const int64_t n = p->scales - first < DP_COLUMNS / 2 ? p->scales - first : DP_COLUMNS / 2;
    const double *total;
    dp_leaf_sums s;

    dp_leaf_sums_begin(&s, DP_COLUMNS);
    for (int64_t at = first; at < end; at += p->scales) {
        for (int64_t j = 0, m; j < n; j += m) {
            const int64_t in_row = (at + j) / p->row, left = (in_row + 1) * p->row - (at + j);
            m = left < n - j ? left : n - j;
            dp_norm_add_scales(m, mean[in_row], r[in_row], dy + at + j, x + at + j, s.sum + j,
                               s.sum + DP_COLUMNS / 2 + j);
        }
        if (at + p->scales >= end || (at + p->scales) / p->leaf != at / p->leaf)
            dp_leaf_sums_end_leaf(&s);
    }
    total = dp_leaf_sums_total(&s);
    for (int64_t j = 0; j < n; j++) {
        ((float *)a->out[1].data)[first + j] = (float)total[j];
        ((float *)a->out[2].data)[first + j] = (float)total[DP_COLUMNS / 2 + j];
    }
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const layer_norm *p = params_;
    const int64_t some = DP_COLUMNS / 2;
    dp_op_task task = {params_, a};

    (void)err;
    dp_workers_run(a->workers, (uint64_t)p->rows, input_gradient_row, &task);
    dp_workers_run(a->workers, (uint64_t)((p->scales + some - 1) / some), scale_gradient, &task);
    return DP_OK;
}

#define X      DP_FLOATS(3, 9, 2, 45)
#define GAMMA  DP_FLOATS(1, 45)
#define OF_ROW DP_POSITIVES(3, 9, 2, 1)

const dp_operator dp_operator_layer_norm = {
    .info = {{"operator", "layer_norm", "rows of mean 0 and variance 1, scaled and shifted", 1,
              sizeof(layer_norm), params},
             "LayerNorm,LayerNormGrad",
             "a row's sums LANE64; dgamma, dbeta SEQ64 over the rows of a leaf, TREE over leaves",
             {{"x,gamma,beta", "y,mean,variance"},
              {"dy,x,mean,variance,gamma", "dx,dgamma,dbeta"}}},
    .part = {{plan, run, "layer_norm begin_norm_axis=2 begin_params_axis=-1", {X, GAMMA, GAMMA}},
             {plan_backward,
              run_backward,
              "layer_norm begin_norm_axis=2 begin_params_axis=-1",
              {X, X, OF_ROW, OF_ROW, GAMMA}}},
};
