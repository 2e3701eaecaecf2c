/* xavier_normal.c - normal distribution, standard deviation gain * sqrt(2 / (fan_in + fan_out))
 * (Glorot and Bengio 2010)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/xavier.h"

static const dp_param params[] = {DP_XAVIER_PARAMS, DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const double sigma = dp_xavier_scale(params_, source, 2.0);

    source->library->weights->normal(source, sigma, 0, first, n, out);
}

const dp_initializer dp_initializer_xavier_normal = {
    .info = {"initializer", "xavier_normal", "normal, deviation sqrt(2 / (fan_in + fan_out))", 1,
             sizeof(dp_xavier), params},
    .orders = dp_words_weights,
    .fans = true,
    .fill = fill,
};
