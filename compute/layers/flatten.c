/* flatten.c - an image as features, in channel, height, width order as MindSpore and PyTorch have
 * it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layer.h"

typedef struct flatten {
    char none;
} flatten;

static const dp_param params[] = {DP_PARAMS_END};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    (void)params_, (void)err;
    plan->out = (dp_extent){dp_extent_size(&plan->in), 1, 1};
    return DP_OK;
}

static void forward_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const int64_t size = dp_extent_size(&r->in), places = r->in.height * r->in.width,
                  channels = r->in.channels;
    const float *x = r->x + (int64_t)i * size;
    float *y = r->y + (int64_t)i * size;

    for (int64_t c = 0; c < channels; c++) {
        for (int64_t p = 0; p < places; p++)
            y[c * places + p] = x[p * channels + c];
    }
}

static void backward_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const int64_t size = dp_extent_size(&r->in), places = r->in.height * r->in.width,
                  channels = r->in.channels;
    const float *dy = r->dy + (int64_t)i * size;
    float *dx = r->dx + (int64_t)i * size;

    for (int64_t p = 0; p < places; p++) {
        for (int64_t c = 0; c < channels; c++)
            dx[p * channels + c] = dy[c * places + p];
    }
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

const dp_layer dp_layer_flatten = {
    .info = {"layer", "flatten", "take an image as features", 1, params},
    .prefix = "flatten",
    .size = sizeof(flatten),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
