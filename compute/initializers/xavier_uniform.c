/* xavier_uniform.c - uniform in [-b, b), b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and
 * Bengio 2010)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/xavier.h"

static const dp_param params[] = {DP_XAVIER_PARAMS, DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const double bound = source->library->weights->wide_xavier
                             ? sqrt(3.0) * dp_xavier_scale(params_, source, 2.0)
                             : dp_xavier_scale(params_, source, 6.0);

    source->library->weights->uniform(source, bound, first, n, out);
}

const dp_initializer dp_initializer_xavier_uniform = {
    .info = {"initializer", "xavier_uniform", "uniform, bound sqrt(6 / (fan_in + fan_out))", 1,
             sizeof(dp_xavier), params},
    .orders = dp_words_weights,
    .fans = true,
    .fill = fill,
};
