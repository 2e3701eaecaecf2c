/* relu.c - max(x, 0)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = (x <= 0) ? +0 : x, so NaN passes and -0 becomes +0; gradient (x <= 0) ?
 * +0 : dy.  y <= 0 where x <= 0.
 */
#include "compute/layer.h"

static void activate(int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = y[i] <= 0.0f ? 0.0f : y[i];
}

static void activate_gradient(int64_t n, const float *y, float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = y[i] <= 0.0f ? 0.0f : dx[i];
}

const dp_layer dp_layer_relu = {
    .info = {"layer", "relu", "max(x, 0)", 1, dp_no_params},
    .prefix = "relu",
    .activate = activate,
    .activate_gradient = activate_gradient,
};
