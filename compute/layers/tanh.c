/* tanh.c - the hyperbolic tangent
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: in binary64, rounded once; gradient dy * fma(-y, y, 1) in binary32.
 */
#include "compute/layers/layer.h"

static void activate(const dp_kernels *k, int64_t n, const float *y, float *v)
{
    (void)y;
    k->tanh[DP_BINARY64](n, v, v);
}

static void activate_gradient(const dp_kernels *k, int64_t n, const float *y, float *v)
{
    k->tanh_gradient(n, y, v);
}

const dp_layer dp_layer_tanh = {
    .info = {"layer", "tanh", "the hyperbolic tangent", 1, 0, dp_no_params},
    .prefix = "tanh",
    .needs_y = true,
    .activate = activate,
    .activate_gradient = activate_gradient,
};
