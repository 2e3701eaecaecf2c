/* distributions.h - uniform and normal numbers for the initializers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_DISTRIBUTIONS_H
#define COMPUTE_INITIALIZERS_DISTRIBUTIONS_H

#include "compute/layer.h"

/* ((u32 >> 8) + 1/2) * 2^-24: inside (0, 1). */
double dp_open_uniform(dp_rng *);

/* Inverse of the normal distribution function, in binary64 in the written order (Wichura, AS 241,
 * PPND16). 2^-25 <= p <= 1 - 2^-25, so the outer tail is never needed. */
double dp_normal_quantile(double p);

/* (2 u - 1) * bound, u in [0, 1). */
void dp_fill_uniform(dp_rng *, double bound, int64_t n, float *out);

#endif
