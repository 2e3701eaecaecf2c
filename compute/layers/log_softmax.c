/* log_softmax.c - the logarithm of softmax, over the channels of each place
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: over the channels of each place, y = (x - m) - log(S) in binary64, rounded
 * once; dx = dy - exp(y) SEQ64 of dy in binary64, rounded once.
 */
#include "compute/layers/softmax_layer.h"

static double term(double y, double dy)
{
    (void)y;
    return dy;
}

static double gradient(double y, double dy, double sum) { return dy - dp_exp_d(y) * sum; }

static const dp_softmax_layer functions = {dp_softmax_log, term, gradient};

static void forward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    (void)params;
    dp_softmax_forward(&functions, r, i);
}

static void backward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    (void)params;
    dp_softmax_backward(&functions, r, i);
}

const dp_layer dp_layer_log_softmax = {
    .info = {"layer", "log_softmax", "the logarithm of softmax", 1, 0, dp_no_params},
    .prefix = "log_softmax",
    .needs_y = true,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
