/* distributions.h - uniform and normal numbers for the initializers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_DISTRIBUTIONS_H
#define COMPUTE_INITIALIZERS_DISTRIBUTIONS_H

#include "compute/initializers/initializer.h"

#define DP_INIT_ORDER(owner)                                                                       \
    DP_CHOICE(owner, order, "native", "native,mindspore", "whose random stream")
enum { DP_ORDER_NATIVE, DP_ORDER_MINDSPORE };

/* MindSpore's seeds have 32 bits. */
dp_status dp_check_init_order(int32_t order, uint64_t seed, dp_error *);

/* ((u32 >> 8) + 1/2) * 2^-24: inside (0, 1). */
double dp_open_uniform(dp_rng *);

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1), from the highest power down. */
double dp_horner(const double *c, int n, double x);
#define DP_HORNER(c, x) dp_horner(c, (int)(sizeof(c) / sizeof(c)[0]), x)

/* Inverse of the normal distribution function, in binary64 in the written order (Wichura, AS 241,
 * PPND16).  2^-25 <= p <= 1 - 2^-25, so the outer tail is never needed. */
double dp_normal_quantile(double p);

/* Elements first .. first + n - 1, uniform in [-bound, bound). */
void dp_fill_uniform(const dp_init_source *, int32_t order, double bound, int64_t first, int64_t n,
                     float *out);

/* MindSpore's TruncatedNormal (docs/mindspore.md): a and b are absolute bounds. */
typedef struct dp_truncated_normal {
    double sigma, mean, a, b;
} dp_truncated_normal;
/* Whether there are numbers between a and b: a < b, and not all of it is so far out that float32
 * has one value for it. */
bool dp_mindspore_normal_fits(const dp_truncated_normal *);
void dp_fill_mindspore_normal(const dp_init_source *, const dp_truncated_normal *, int64_t first,
                              int64_t n, float *out);

#endif
