/* uniform.c - uniform in [-scale, scale)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/initializer.h"

typedef struct uniform {
    int32_t order;
    double scale;
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

    source->library->weights->uniform(source, p->scale, first, n, out);
}

const dp_initializer dp_initializer_uniform = {
    .info = {"initializer", "uniform", "uniform in [-scale, scale)", 1, sizeof(uniform), params},
    .orders = dp_words_weights,
    .fill = fill,
};
