/* normal.c - normal distribution
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/initializer.h"
#include "libraries/distributions.h"

typedef struct normal {
    int32_t order; /* ours alone */
    double sigma, mean;
} normal;

static const dp_param params[] = {
    DP_NUMBER(normal, sigma, "0.01", 0, 1e6, "standard deviation"),
    DP_NUMBER(normal, mean, "0", -1e6, 1e6, "mean"),
    DP_PARAMS_END,
};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const normal *p = params_;
    dp_rng rng = source->rng;

    (void)first;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(p->mean + p->sigma * dp_normal_quantile(dp_open_uniform(&rng)));
}

const dp_initializer dp_initializer_normal = {
    .info = {"initializer", "normal", "normal distribution", 1, sizeof(normal), params},
    .draws = true,
    .fill = fill,
};
