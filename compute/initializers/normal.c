/* normal.c - normal distribution
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/initializer.h"

typedef struct normal {
    int32_t order;
    double sigma, mean;
} normal;

static const dp_param params[] = {
    DP_NUMBER(normal, sigma, "0.01", 0, 1e6, "standard deviation"),
    DP_NUMBER(normal, mean, "0", -1e6, 1e6, "mean"),
    DP_LATER_INIT_ORDER(normal),
    DP_PARAMS_END,
};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const normal *p = params_;

    source->library->weights->normal(source, p->sigma, p->mean, first, n, out);
}

const dp_initializer dp_initializer_normal = {
    .info = {"initializer", "normal", "normal distribution", 1, sizeof(normal), params},
    .orders = dp_words_weights,
    .fill = fill,
};
