/* adjust_brightness.c - values times a factor
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct adjust_brightness {
    const char *column;
    double brightness_factor;
} adjust_brightness;

static const dp_param params[] = {
    DP_COLUMN(adjust_brightness),
    DP_NUMBER(adjust_brightness, brightness_factor, NULL, 0, 1000, "0 is black, 1 changes nothing"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const adjust_brightness *p = params_;

    (void)draws;
    dp_adjust_brightness(p->brightness_factor, in, out);
}

const dp_transform dp_transform_adjust_brightness = {
    .info = {"transform", "adjust_brightness", "multiply the values", 1, sizeof(adjust_brightness),
             params},
    .foreign = "AdjustBrightness brightness_factor unread",
    .plan = dp_plan_color,
    .apply = apply,
};
