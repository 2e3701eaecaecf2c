/* he_uniform.c - uniform in [-b, b), b = sqrt(3) * (sqrt(2) / sqrt(fan_in)) (He et al. 2015)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/distributions.h"

typedef struct he_uniform {
    int32_t order;
} he_uniform;

static const dp_param params[] = {DP_INIT_ORDER(he_uniform), DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const he_uniform *p = params_;
    dp_fill_uniform(source, p->order, sqrt(3.0) * (sqrt(2.0) / sqrt((double)source->fan_in)), first,
                    n, out);
}

static dp_status check(const void *params_, uint64_t seed, dp_error *err)
{
    return dp_check_init_order(((const he_uniform *)params_)->order, seed, err);
}

const dp_initializer dp_initializer_he_uniform = {
    .info = {"initializer", "he_uniform", "uniform, bound sqrt(6 / fan_in)", 1, params},
    .size = sizeof(he_uniform),
    .draws = true,
    .check = check,
    .fill = fill,
};
