/* he_uniform.c - uniform in [-b, b), b = sqrt(3) * (gain / sqrt(fan)) (He et al. 2015)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/he.h"

static const dp_param params[] = {DP_INIT_ORDER(dp_he), DP_HE_PARAMS, DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const double bound = sqrt(3.0) * dp_he_deviation(params_, source);

    source->library->weights->uniform(source, bound, first, n, out);
}

const dp_initializer dp_initializer_he_uniform = {
    .info = {"initializer", "he_uniform", "uniform, bound sqrt(6 / fan_in)", 1, sizeof(dp_he),
             params},
    .orders = dp_words_weights,
    .fans = true,
    .check = dp_he_check,
    .fill = fill,
};
