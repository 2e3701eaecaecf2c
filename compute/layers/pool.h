/* pool.h - what max_pool and avg_pool share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LAYERS_POOL_H
#define COMPUTE_LAYERS_POOL_H

#include "compute/layers/layer.h"
#include "compute/math/slide.h"

/* What max_pool and avg_pool are given: the same parameters, and the same fit to the input. */
typedef struct dp_pool {
    dp_slide_params window;
    dp_slide slide;
} dp_pool;
extern const dp_param dp_pool_params[];
dp_status dp_pool_plan(dp_pool *, dp_layer_plan *, dp_error *);

#endif
