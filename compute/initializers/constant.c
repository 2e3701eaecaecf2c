/* constant.c - every element the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/initializers/initializer.h"

typedef struct constant {
    double value;
} constant;

static const dp_param params[] = {
    DP_NUMBER(constant, value, NULL, -1e6, 1e6, "of every element"),
    DP_PARAMS_END,
};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const float value = (float)((const constant *)params_)->value;

    (void)source, (void)first;
    for (int64_t i = 0; i < n; i++)
        out[i] = value;
}

const dp_initializer dp_initializer_constant = {
    .info = {"initializer", "constant", "every element the same", 1, sizeof(constant), params},
    .fill = fill,
};
