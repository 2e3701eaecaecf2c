/* lstm.c - long short-term memory over the rows of each sample
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, operator lstm; h begins at 0.
 * weight [inputs + hidden][4 hidden], bias [4 hidden]: gates i, j, f, o.
 */
#include "compute/layers/recurrent_layer.h"

static const dp_param params[] = {
    DP_RECURRENT_PARAMS,
    DP_NUMBER(dp_recurrent_layer, forget_bias, "0", -1e6, 1e6, "added to f before its sigmoid"),
    DP_NUMBER(dp_recurrent_layer, cell_clip, "-1", -1, 1e6, "c is held within +- this; -1 = not"),
    DP_PARAMS_END,
};

static const char *const names[] = {"weight", "bias"};

static dp_status plan(void *p, dp_layer_plan *plan, dp_error *err)
{
    return dp_recurrent_layer_plan(&dp_cell_lstm, p, names, plan, err);
}

static void forward(const void *p, const dp_layer_run *r)
{
    dp_recurrent_layer_forward(&dp_cell_lstm, p, r);
}

static void backward(const void *p, const dp_layer_run *r)
{
    dp_recurrent_layer_backward(&dp_cell_lstm, p, r);
}

const dp_layer dp_layer_lstm = {
    .info = {"layer", "lstm", "long short-term memory over the rows of each sample", 1,
             sizeof(dp_recurrent_layer), params},
    .prefix = "lstm",
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
