/* adjust_hue.c - colours turned round the circle of hues
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct adjust_hue {
    const char *column;
    double hue_factor;
} adjust_hue;

static const dp_param params[] = {
    DP_COLUMN(adjust_hue),
    DP_NUMBER(adjust_hue, hue_factor, NULL, -0.5, 0.5, "turns; 0 changes nothing"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const adjust_hue *p = params_;

    (void)draws;
    dp_adjust_hue(p->hue_factor, in, out);
}

const dp_transform dp_transform_adjust_hue = {
    .info = {"transform", "adjust_hue", "turn the hues", 2, sizeof(adjust_hue), params},
    .foreign = "AdjustHue hue_factor unread",
    .plan = dp_plan_rgb,
    .apply = apply,
};
