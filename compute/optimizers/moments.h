/* moments.h - what adam and adamw share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPTIMIZERS_MOMENTS_H
#define COMPUTE_OPTIMIZERS_MOMENTS_H

#include "compute/optimizers/optimizer.h"

typedef struct dp_moments {
    dp_schedule schedule;
    double beta1, beta2, eps, weight_decay;
} dp_moments;

#define DP_MOMENTS(decay, help)                                                                    \
    DP_SCHEDULE(dp_moments),                                                                       \
        DP_NUMBER(dp_moments, beta1, "0.9", 0, 0.999999999, "share of the mean that stays"),       \
        DP_NUMBER(dp_moments, beta2, "0.999", 0, 0.999999999,                                      \
                  "share of the mean square that stays"),                                          \
        DP_NUMBER(dp_moments, eps, "1e-8", 1e-30, 1, "added to the root of the mean square"),      \
        DP_NUMBER(dp_moments, weight_decay, decay, 0, 1e6, help), DP_SCHEDULE_END(dp_moments)

/* What a step has in common, but for the weight decay. */
dp_adam dp_moments_step(const dp_moments *, const dp_learning *);

#endif
