/* distributions.h - uniform and normal numbers for initial weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_DISTRIBUTIONS_H
#define LIBRARIES_DISTRIBUTIONS_H

#include "base/random/rng.h"

/* ((u32 >> 8) + 1/2) * 2^-24: inside (0, 1). */
double dp_open_uniform(dp_rng *);

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1), from the highest power down. */
double dp_horner(const double *c, int n, double x);
#define DP_HORNER(c, x) dp_horner(c, (int)(sizeof(c) / sizeof(c)[0]), x)

/* Inverse of the normal distribution function, in binary64 in the written order (Wichura, AS 241,
 * PPND16).  2^-25 <= p <= 1 - 2^-25, so the outer tail is never needed. */
double dp_normal_quantile(double p);

#endif
