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

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    (void)params_, (void)out, (void)arena;
    return dp_check_color(in, 0, err);
}

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
    .plan = plan,
    .apply = apply,
};
