/* avg_pool.h - the mean of each window, for global_avg_pool as well
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What its dp_layer has; params: a dp_pool.
 */
#ifndef COMPUTE_LAYERS_AVG_POOL_H
#define COMPUTE_LAYERS_AVG_POOL_H

#include "compute/layers/pool.h"

void dp_avg_pool_forward(const void *params, const dp_layer_run *, int64_t sample);
void dp_avg_pool_backward(const void *params, const dp_layer_run *, int64_t sample);

#endif
