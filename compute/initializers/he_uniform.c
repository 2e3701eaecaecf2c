/* he_uniform.c - uniform in [-b, b), b = sqrt(3) * (sqrt(2) / sqrt(fan_in)) (He et al. 2015)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/initializer.h"

typedef struct he_uniform {
    int32_t order;
} he_uniform;

static const dp_param params[] = {DP_INIT_ORDER(he_uniform), DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const double bound = sqrt(3.0) * (sqrt(2.0) / sqrt((double)source->fan_in));

    (void)params_;
    source->library->weights->uniform(source, bound, first, n, out);
}

const dp_initializer dp_initializer_he_uniform = {
    .info = {"initializer", "he_uniform", "uniform, bound sqrt(6 / fan_in)", 1, sizeof(he_uniform),
             params},
    .draws = true,
    .fill = fill,
};
