/* adjust_contrast.c - values nearer to or farther from the mean gray
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct adjust_contrast {
    const char *column;
    double contrast_factor;
} adjust_contrast;

static const dp_param params[] = {
    DP_COLUMN(adjust_contrast),
    DP_NUMBER(adjust_contrast, contrast_factor, NULL, 0, 1000, "0 is gray, 1 changes nothing"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const adjust_contrast *p = params_;

    (void)draws;
    dp_adjust_contrast(p->contrast_factor, in, out);
}

const dp_transform dp_transform_adjust_contrast = {
    .info = {"transform", "adjust_contrast", "change the contrast", 2, sizeof(adjust_contrast),
             params},
    .foreign = "AdjustContrast contrast_factor unread",
    .plan = dp_plan_rgb,
    .apply = apply,
};
