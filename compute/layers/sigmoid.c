/* sigmoid.c - 1 / (1 + exp(-x))
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: in binary64, rounded once; gradient dy * (y * (1 - y)) in binary32.
 */
#include "compute/layers/layer.h"

static void activate(const dp_kernels *k, int64_t n, const float *y, float *v)
{
    (void)y;
    k->sigmoid[DP_BINARY64](n, v, v);
}

static void activate_gradient(const dp_kernels *k, int64_t n, const float *y, float *v)
{
    k->sigmoid_gradient(n, y, v);
}

const dp_layer dp_layer_sigmoid = {
    .info = {"layer", "sigmoid", "1 / (1 + exp(-x))", 1, 0, dp_no_params},
    .prefix = "sigmoid",
    .needs_y = true,
    .activate = activate,
    .activate_gradient = activate_gradient,
};
