/* he.h - what he_uniform and he_normal share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_HE_H
#define COMPUTE_INITIALIZERS_HE_H

#include "compute/initializers/initializer.h"

typedef struct dp_he {
    int32_t order, mode, nonlinearity;
    double negative_slope;
} dp_he;

#define DP_HE_PARAMS                                                                               \
    DP_LATER_CHOICE(dp_he, mode, "fan_in", "fan_in,fan_out", "which fan the deviation is of"),     \
        DP_LATER_CHOICE(dp_he, nonlinearity, "leaky_relu", "leaky_relu,relu,tanh,linear",          \
                        "what stands behind the layer; sigmoid is linear"),                        \
        DP_LATER_NUMBER(dp_he, negative_slope, "0", -1e6, 1e6, "of leaky_relu")

dp_status dp_he_check(const void *params, const dp_weights *, dp_error *);
/* The standard deviation: gain / sqrt(fan). */
double dp_he_deviation(const dp_he *, const dp_init_source *);

#endif
