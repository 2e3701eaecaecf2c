/* he_uniform.c - uniform in [-b, b), b = sqrt(6 / fan_in) (He et al. 2015)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/distributions.h"

typedef struct he_uniform {
    char none;
} he_uniform;

static const dp_param params[] = {DP_PARAMS_END};

static void fill(const void *params_, dp_rng *rng, int64_t fan_in, int64_t n, float *out)
{
    (void)params_;
    dp_fill_uniform(rng, sqrt(6.0 / (double)fan_in), n, out);
}

const dp_initializer dp_initializer_he_uniform = {
    .info = {"initializer", "he_uniform", "uniform, bound sqrt(6 / fan_in)", 1, params},
    .size = sizeof(he_uniform),
    .fill = fill,
};
