/* xavier_uniform.c - uniform in [-b, b), b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and
 * Bengio 2010)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/initializer.h"

typedef struct xavier {
    int32_t order;
    double gain;
} xavier;

static const dp_param params[] = {
    DP_NUMBER(xavier, gain, "1", 0, 1e6, "factor"),
    DP_INIT_ORDER(xavier),
    DP_PARAMS_END,
};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const double fans = (double)(source->fan_in + source->fan_out);
    const double bound = ((const xavier *)params_)->gain * sqrt(6.0 / fans);

    source->library->weights->uniform(source, bound, first, n, out);
}

const dp_initializer dp_initializer_xavier_uniform = {
    .info = {"initializer", "xavier_uniform", "uniform, bound sqrt(6 / (fan_in + fan_out))", 1,
             sizeof(xavier), params},
    .orders = dp_words_weights,
    .fans = true,
    .fill = fill,
};
