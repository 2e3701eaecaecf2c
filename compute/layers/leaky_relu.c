/* leaky_relu.c - x, or a part of it where it is negative
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = (x > 0) ? x : slope x; gradient (x > 0) ? dy : slope dy.
 */
#include "compute/layers/layer.h"

typedef struct leaky_relu {
    double negative_slope;
} leaky_relu;

static const dp_param params[] = {
    DP_NUMBER(leaky_relu, negative_slope, "0.01", -1e6, 1e6, "of x where it is not above 0"),
    DP_PARAMS_END,
};

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), first = i * size;
    const float slope = (float)((const leaky_relu *)params_)->negative_slope;

    for (int64_t j = first; j < first + size; j++)
        r->y[j] = r->x[j] > 0 ? r->x[j] : slope * r->x[j];
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), first = i * size;
    const float slope = (float)((const leaky_relu *)params_)->negative_slope;

    for (int64_t j = first; j < first + size; j++)
        r->dx[j] = r->x[j] > 0 ? r->dy[j] : slope * r->dy[j];
}

const dp_layer dp_layer_leaky_relu = {
    .info = {"layer", "leaky_relu", "x, or a part of it where it is negative", 1,
             sizeof(leaky_relu), params},
    .prefix = "leaky_relu",
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
