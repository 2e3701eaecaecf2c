/* softmax.c - exp(x) over the sum of all, over the channels of each place
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: over the channels of each place, y = exp(x - m) / S in binary64, rounded once;
 * dx = y (dy - SEQ64 of dy y) in binary64, rounded once.
 */
#include "compute/layers/softmax_layer.h"

static double term(double y, double dy) { return dy * y; }

static double gradient(double y, double dy, double sum) { return y * (dy - sum); }

static const dp_softmax_layer functions = {dp_softmax_part, term, gradient};

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

const dp_layer dp_layer_softmax = {
    .info = {"layer", "softmax", "the channels of each place as parts of a whole", 1, 0,
             dp_no_params},
    .prefix = "softmax",
    .needs_y = true,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
