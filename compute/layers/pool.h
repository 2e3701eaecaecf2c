/* pool.h - what the pools share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LAYERS_POOL_H
#define COMPUTE_LAYERS_POOL_H

#include "compute/layers/layer.h"
#include "compute/math/slide.h"

/* What they are given, and how it fits the input. */
typedef struct dp_pool {
    dp_slide_params window;
    dp_slide slide;
} dp_pool;
extern const dp_param dp_pool_params[];

/* Of a layer whose parameters are a dp_pool: what its dp_layer says. */
dp_status dp_avg_pool_plan(void *params, dp_layer_plan *, dp_error *);
dp_status dp_max_pool_plan(void *params, dp_layer_plan *, dp_error *);
void dp_avg_pool_forward(const void *params, const dp_layer_run *, int64_t sample);
void dp_max_pool_forward(const void *params, const dp_layer_run *, int64_t sample);
void dp_avg_pool_backward(const void *params, const dp_layer_run *, int64_t sample);
void dp_max_pool_backward(const void *params, const dp_layer_run *, int64_t sample);

#endif
