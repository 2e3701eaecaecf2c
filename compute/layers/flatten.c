/* flatten.c - an image as features, in channel, height, width order as MindSpore and PyTorch have
 * it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/layer.h"

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    (void)params_, (void)err;
    plan->out = (dp_extent){dp_extent_size(&plan->in), 1, 1};
    return DP_OK;
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), places = r->in.height * r->in.width,
                  channels = r->in.channels;
    const float *x = r->x + i * size;
    float *y = r->y + i * size;

    (void)params_;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t p = 0; p < places; p++)
            y[c * places + p] = x[p * channels + c];
    }
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), places = r->in.height * r->in.width,
                  channels = r->in.channels;
    const float *dy = r->dy + i * size;
    float *dx = r->dx + i * size;

    (void)params_;
    for (int64_t p = 0; p < places; p++) {
        for (int64_t c = 0; c < channels; c++)
            dx[p * channels + c] = dy[c * places + p];
    }
}

const dp_layer dp_layer_flatten = {
    .info = {"layer", "flatten", "take an image as features", 1, 0, dp_no_params},
    .prefix = "flatten",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
