/* relu.c - max(x, 0)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = (x <= 0) ? +0 : x, so NaN passes and -0 becomes +0; gradient (x <= 0) ?
 * +0 : dy.  y <= 0 where x <= 0, so both happen in place.
 */
#include "compute/layer.h"

typedef struct relu {
    char none;
} relu;

static const dp_param params[] = {DP_PARAMS_END};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    (void)params_, (void)plan, (void)err;
    return DP_OK;
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const int64_t size = dp_extent_size(&r->in);
    float *y = r->y + sample * size;

    (void)params_;
    for (int64_t i = 0; i < size; i++)
        y[i] = y[i] <= 0.0f ? 0.0f : y[i];
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const int64_t size = dp_extent_size(&r->in);
    const float *y = r->y + sample * size;
    float *dx = r->dx + sample * size;

    (void)params_;
    for (int64_t i = 0; i < size; i++)
        dx[i] = y[i] <= 0.0f ? 0.0f : dx[i];
}

const dp_layer dp_layer_relu = {
    .info = {"layer", "relu", "max(x, 0)", 1, params},
    .prefix = "relu",
    .size = sizeof(relu),
    .in_place = true,
    .plan = plan,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
