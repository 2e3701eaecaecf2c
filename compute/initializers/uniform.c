/* uniform.c - uniform in [-scale, scale)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/distributions.h"

typedef struct uniform {
    double scale;
} uniform;

static const dp_param params[] = {
    DP_NUMBER(uniform, scale, "0.07", 0, 1e6, "bound"),
    DP_PARAMS_END,
};

static void fill(const void *params_, dp_rng *rng, int64_t fan_in, int64_t n, float *out)
{
    (void)fan_in;
    dp_fill_uniform(rng, ((const uniform *)params_)->scale, n, out);
}

const dp_initializer dp_initializer_uniform = {
    .info = {"initializer", "uniform", "uniform in [-scale, scale)", 1, params},
    .size = sizeof(uniform),
    .fill = fill,
};
