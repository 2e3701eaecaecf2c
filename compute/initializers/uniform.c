/* uniform.c - uniform in [-scale, scale)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/distributions.h"

typedef struct uniform {
    double scale;
    int32_t order;
} uniform;

static const dp_param params[] = {
    DP_NUMBER(uniform, scale, "0.07", 0, 1e6, "bound"),
    DP_INIT_ORDER(uniform),
    DP_PARAMS_END,
};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const uniform *p = params_;
    dp_fill_uniform(source, p->order, p->scale, first, n, out);
}

static dp_status check(const void *params_, uint64_t seed, dp_error *err)
{
    return dp_check_init_order(((const uniform *)params_)->order, seed, err);
}

const dp_initializer dp_initializer_uniform = {
    .info = {"initializer", "uniform", "uniform in [-scale, scale)", 1, params},
    .size = sizeof(uniform),
    .draws = true,
    .check = check,
    .fill = fill,
};
