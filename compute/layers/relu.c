/* relu.c - max(x, 0)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * spec/compute.md B.3: y = (x <= 0) ? +0 : x, so NaN passes and -0 becomes +0; gradient (x <= 0) ?
 * +0 : dy.
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

static void forward_sample(void *ctx, uint64_t sample)
{
    const dp_layer_run *r = ctx;
    const int64_t size = dp_extent_size(&r->in);
    const float *x = r->x + (int64_t)sample * size;
    float *y = r->y + (int64_t)sample * size;

    for (int64_t i = 0; i < size; i++)
        y[i] = x[i] <= 0.0f ? 0.0f : x[i];
}

static void backward_sample(void *ctx, uint64_t sample)
{
    const dp_layer_run *r = ctx;
    const int64_t size = dp_extent_size(&r->in);
    const float *x = r->x + (int64_t)sample * size, *dy = r->dy + (int64_t)sample * size;
    float *dx = r->dx + (int64_t)sample * size;

    for (int64_t i = 0; i < size; i++)
        dx[i] = x[i] <= 0.0f ? 0.0f : dy[i];
}

static void forward(const void *params_, const dp_layer_run *r)
{
    (void)params_;
    dp_workers_run(r->workers, (uint64_t)r->n, forward_sample, (void *)(uintptr_t)r);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    (void)params_;
    if (r->dx != NULL)
        dp_workers_run(r->workers, (uint64_t)r->n, backward_sample, (void *)(uintptr_t)r);
}

const dp_layer dp_layer_relu = {
    .info = {"layer", "relu", "max(x, 0)", 1, params},
    .prefix = "relu",
    .size = sizeof(relu),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
