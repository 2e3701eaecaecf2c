/* he_normal.c - normal distribution, standard deviation gain / sqrt(fan) (He et al. 2015)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/he.h"

static const dp_param params[] = {DP_INIT_ORDER(dp_he), DP_HE_PARAMS, DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    source->library->weights->normal(source, dp_he_deviation(params_, source), 0, first, n, out);
}

const dp_initializer dp_initializer_he_normal = {
    .info = {"initializer", "he_normal", "normal, deviation sqrt(2 / fan_in)", 1, sizeof(dp_he),
             params},
    .orders = dp_words_weights,
    .fans = true,
    .check = dp_he_check,
    .fill = fill,
};
