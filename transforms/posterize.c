/* posterize.c - the upper bits of every value
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct posterize {
    const char *column;
    int64_t bits;
} posterize;

static const dp_param params[] = {
    DP_COLUMN(posterize),
    DP_INT(posterize, bits, NULL, 0, 8, "upper bits that stay"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const posterize *p = params_;

    (void)draws;
    dp_posterize(p->bits, in, out);
}

const dp_transform dp_transform_posterize = {
    .info = {"transform", "posterize", "keep the upper bits of every value", 1, sizeof(posterize),
             params},
    .foreign = "Posterize bits unread",
    .plan = dp_plan_color,
    .apply = apply,
    .pointwise = dp_always,
};
