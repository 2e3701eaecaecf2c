/* truncated_normal.c - normal distribution cut at two standard deviations
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * By inversion: p = Phi(-2) + u * (Phi(2) - Phi(-2)), no rejection.  (MindSpore's a and b are
 * absolute bounds; its stream is another order, see spec/mindspore.md 7.4.)
 */
#include "compute/initializers/distributions.h"

typedef struct truncated_normal {
    double sigma, mean;
} truncated_normal;

static const dp_param params[] = {
    DP_NUMBER(truncated_normal, sigma, "0.01", 0, 1e6, "standard deviation before the cut"),
    DP_NUMBER(truncated_normal, mean, "0", -1e6, 1e6, "mean"),
    DP_PARAMS_END,
};

static void fill(const void *params_, dp_rng *rng, int64_t fan_in, int64_t n, float *out)
{
    const truncated_normal *p = params_;
    const double low = 0x1.74bcf82c9d863p-6, high = 0x1.f45a183e9b13dp-1; /* Phi(-2), Phi(2) */

    (void)fan_in;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(p->mean +
                         p->sigma * dp_normal_quantile(low + dp_open_uniform(rng) * (high - low)));
}

const dp_initializer dp_initializer_truncated_normal = {
    .info = {"initializer", "truncated_normal", "normal distribution cut at 2 sigma", 1, params},
    .size = sizeof(truncated_normal),
    .fill = fill,
};
