/* invert.c - every value v becomes 255 - v
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct invert {
    const char *column;
} invert;

static const dp_param params[] = {
    DP_COLUMN(invert),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_, (void)draws;
    dp_invert(in, out);
}

const dp_transform dp_transform_invert = {
    .info = {"transform", "invert", "invert every value", 1, sizeof(invert), params},
    .foreign = "Invert",
    .plan = dp_plan_color,
    .apply = apply,
    .pointwise = dp_always,
};
