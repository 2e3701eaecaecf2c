/* tanh.c - the hyperbolic tangent
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: in binary64, rounded once; gradient dy * fma(-y, y, 1) in binary32, from y
 * alone, so both happen in place.
 */
#include "base/num.h"
#include "compute/layer.h"

typedef struct tanh_layer {
    char none;
} tanh_layer;

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
        y[i] = (float)dp_tanh_d((double)y[i]);
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const int64_t size = dp_extent_size(&r->in);
    const float *y = r->y + sample * size;
    float *dx = r->dx + sample * size;

    (void)params_;
    for (int64_t i = 0; i < size; i++)
        dx[i] *= dp_fma32(-y[i], y[i], 1.0f);
}

const dp_layer dp_layer_tanh = {
    .info = {"layer", "tanh", "the hyperbolic tangent", 1, params},
    .prefix = "tanh",
    .size = sizeof(tanh_layer),
    .in_place = true,
    .plan = plan,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
