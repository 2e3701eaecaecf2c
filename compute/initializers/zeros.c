/* zeros.c - every element 0
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "compute/initializers/initializer.h"

typedef struct zeros {
    char none;
} zeros;

static const dp_param params[] = {DP_PARAMS_END};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    (void)params_, (void)source, (void)first;
    memset(out, 0, sizeof *out * (size_t)n);
}

const dp_initializer dp_initializer_zeros = {
    .info = {"initializer", "zeros", "every element 0", 1, sizeof(zeros), params},
    .fill = fill,
};
