/* adjust_sharpness.c - pixels nearer to or farther from the mean of their neighbours
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct adjust_sharpness {
    const char *column;
    double sharpness_factor;
} adjust_sharpness;

static const dp_param params[] = {
    DP_COLUMN(adjust_sharpness),
    DP_NUMBER(adjust_sharpness, sharpness_factor, NULL, 0, 1000, "0 is smooth, 1 changes nothing"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const adjust_sharpness *p = params_;

    (void)draws;
    dp_adjust_sharpness(p->sharpness_factor, in, out);
}

const dp_transform dp_transform_adjust_sharpness = {
    .info = {"transform", "adjust_sharpness", "sharpen or smooth", 1, sizeof(adjust_sharpness),
             params},
    .foreign = "AdjustSharpness sharpness_factor unread",
    .plan = dp_plan_color,
    .apply = apply,
};
