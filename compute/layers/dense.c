/* dense.c - a matrix times the features
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/layer.h"
#include "compute/math/bias.h"
#include "compute/math/dense.h"

typedef struct dense {
    int64_t out_channels;
    bool has_bias;
    dp_dense matrix;
} dense;

static const dp_param params[] = {
    DP_INT(dense, out_channels, NULL, 1, 16777216, "features of the output"),
    DP_BOOLEAN(dense, has_bias, "true", "add a number to each feature"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    dense *p = params_;

    if (plan->in.height != 1 || plan->in.width != 1)
        return dp_fail(
            err, DP_ESPEC, "takes features, not %lldx%lldx%lld images: put flatten before it",
            (long long)plan->in.channels, (long long)plan->in.height, (long long)plan->in.width);
    p->matrix = (dp_dense){plan->in.channels, p->out_channels};
    plan->out = (dp_extent){p->out_channels, 1, 1};
    plan->n_weights = p->has_bias ? 2 : 1;
    plan->weights[0] = (dp_weight){.suffix = "weight",
                                   .rank = 2,
                                   .shape = {p->matrix.out, p->matrix.in},
                                   .fan_in = p->matrix.in,
                                   .fan_out = p->matrix.out};
    plan->weights[1] = (dp_weight){.suffix = "bias",
                                   .rank = 1,
                                   .shape = {p->matrix.out},
                                   .fan_in = p->matrix.in,
                                   .fan_out = p->matrix.out,
                                   .is_bias = true,
                                   .whole = true};
    plan->width = p->matrix.out;
    plan->workspace = dp_max_size(dp_dense_workspace(&p->matrix, plan->kernels, plan->n),
                                  dp_bias_workspace(plan->n, p->matrix.out));
    return DP_OK;
}

static void forward(const void *params_, const dp_layer_run *r)
{
    const dense *p = params_;

    dp_dense_forward(&p->matrix, &r->math, r->x, r->w[0], r->y);
    if (p->has_bias)
        dp_bias_add(&r->math, 1, p->matrix.out, r->w[1], r->y);
    dp_post_op_run_all(&r->y_op, &r->math, p->matrix.out);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    const dense *p = params_;

    for (int64_t i = 0; i < r->share->n_parts; i++) {
        const dp_math_part part = dp_math_part_of(&r->math, r->share, i);
        dp_dense_weight_gradient(&p->matrix, &part.run, r->x + part.first * p->matrix.in,
                                 r->dy + part.first * p->matrix.out, r->dw[0] + i * r->part_stride);
    }
    if (p->has_bias)
        dp_bias_gradient(&r->math, r->share, 1, p->matrix.out, r->dy, r->dw[1]);
    if (r->dx == NULL)
        return;
    dp_dense_input_gradient(&p->matrix, &r->math, r->dy, r->w[0], r->dx);
    dp_post_op_run_all(&r->dx_op, &r->math, p->matrix.in);
}

const dp_layer dp_layer_dense = {
    .info = {"layer", "dense", "a matrix times the features", 1, sizeof(dense), params},
    .prefix = "fc",
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
