/* relu.c - max(x, 0)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = (x <= 0) ? +0 : x, so NaN passes and -0 becomes +0; gradient (x <= 0) ?
 * +0 : dy.  y <= 0 where x <= 0.
 */
#include "compute/layers/layer.h"

static void activate(const dp_kernels *k, int64_t n, const float *y, float *v)
{
    (void)y;
    k->relu(n, v);
}

static void activate_gradient(const dp_kernels *k, int64_t n, const float *y, float *v)
{
    k->relu_gradient(n, y, v);
}

const dp_layer dp_layer_relu = {
    .info = {"layer", "relu", "max(x, 0)", 1, 0, dp_no_params},
    .prefix = "relu",
    .needs_y = true,
    .activate = activate,
    .activate_gradient = activate_gradient,
};
