/* equalize.c - values spread evenly, channel by channel
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct equalize {
    const char *column;
} equalize;

static const dp_param params[] = {
    DP_COLUMN(equalize),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_, (void)draws;
    dp_equalize(in, out);
}

const dp_transform dp_transform_equalize = {
    .info = {"transform", "equalize", "spread the values of each channel evenly", 1,
             sizeof(equalize), params},
    .foreign = "Equalize",
    .plan = dp_plan_color,
    .apply = apply,
};
