/* auto_contrast.c - values stretched to 0..255, channel by channel
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct auto_contrast {
    const char *column;
    double cutoff;
    dp_ints ignore;
} auto_contrast;

static const dp_param params[] = {
    DP_COLUMN(auto_contrast),
    DP_NUMBER(auto_contrast, cutoff, "0", 0, 49.999, "per cent of the pixels left out at each end"),
    DP_INTS(auto_contrast, ignore, "", 0, 255, "values that do not count"),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const auto_contrast *p = params_;

    (void)draws;
    dp_auto_contrast(p->cutoff, &p->ignore, in, out);
}

const dp_transform dp_transform_auto_contrast = {
    .info = {"transform", "auto_contrast", "stretch the values of each channel", 2,
             sizeof(auto_contrast), params},
    .foreign = "AutoContrast cutoff ignore",
    .plan = dp_plan_color,
    .apply = apply,
};
