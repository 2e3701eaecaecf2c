/* xavier.h - what xavier_uniform and xavier_normal share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_XAVIER_H
#define COMPUTE_INITIALIZERS_XAVIER_H

#include "compute/initializers/initializer.h"

typedef struct dp_xavier {
    int32_t order;
    double gain;
} dp_xavier;

#define DP_XAVIER_PARAMS DP_NUMBER(dp_xavier, gain, "1", 0, 1e6, "factor"), DP_INIT_ORDER(dp_xavier)

/* gain * sqrt(part / (fan_in + fan_out)) */
double dp_xavier_scale(const dp_xavier *, const dp_init_source *, double part);

#endif
