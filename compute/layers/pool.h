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

/* Of a layer whose parameters begin with a dp_pool. */
dp_status dp_pool_plan(void *params, dp_layer_plan *, dp_error *);

#endif
