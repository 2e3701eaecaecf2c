/* max_pool.h - the largest value of each window, for global_max_pool as well
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What its dp_layer has; params: a dp_pool.
 */
#ifndef COMPUTE_LAYERS_MAX_POOL_H
#define COMPUTE_LAYERS_MAX_POOL_H

#include "compute/layers/pool.h"

dp_status dp_max_pool_plan(void *params, dp_layer_plan *, dp_error *);
void dp_max_pool_forward(const void *params, const dp_layer_run *, int64_t sample);
void dp_max_pool_backward(const void *params, const dp_layer_run *, int64_t sample);

#endif
