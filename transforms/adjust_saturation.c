/* adjust_saturation.c - colours nearer to or farther from gray
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct adjust_saturation {
    const char *column;
    double saturation_factor;
} adjust_saturation;

static const dp_param params[] = {
    DP_COLUMN(adjust_saturation),
    DP_NUMBER(adjust_saturation, saturation_factor, NULL, 0, 1000, "0 is gray, 1 changes nothing"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const adjust_saturation *p = params_;

    (void)draws;
    dp_adjust_saturation(p->saturation_factor, in, out);
}

const dp_transform dp_transform_adjust_saturation = {
    .info = {"transform", "adjust_saturation", "change the saturation", 1,
             sizeof(adjust_saturation), params},
    .foreign = "AdjustSaturation saturation_factor unread",
    .plan = dp_plan_rgb,
    .apply = apply,
};
