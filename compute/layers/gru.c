/* gru.c - gated recurrent units over the rows of each sample
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, operator gru; h begins at 0.
 * weight_input [inputs][3 hidden], weight_hidden [hidden][3 hidden], a bias of each: gates r, z, n.
 */
#include "compute/layers/recurrent_layer.h"

static const dp_param params[] = {
    DP_RECURRENT_PARAMS,
    DP_PARAMS_END,
};

static const char *const names[] = {"weight_input", "weight_hidden", "bias_input", "bias_hidden"};

static dp_status plan(void *p, dp_layer_plan *plan, dp_error *err)
{
    return dp_recurrent_layer_plan(&dp_cell_gru, p, names, plan, err);
}

static void forward(const void *p, const dp_layer_run *r)
{
    dp_recurrent_layer_forward(&dp_cell_gru, p, r);
}

static void backward(const void *p, const dp_layer_run *r)
{
    dp_recurrent_layer_backward(&dp_cell_gru, p, r);
}

const dp_layer dp_layer_gru = {
    .info = {"layer", "gru", "gated recurrent units over the rows of each sample", 1,
             sizeof(dp_recurrent_layer), params},
    .prefix = "gru",
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
