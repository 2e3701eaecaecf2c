/* adjust_gamma.c - values raised to a power
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/number/num.h"
#include "transforms/shared/color.h"

typedef struct adjust_gamma {
    const char *column;
    double gamma, gain;
    uint8_t table[256];
} adjust_gamma;

static const dp_param params[] = {
    DP_COLUMN(adjust_gamma),
    DP_NUMBER(adjust_gamma, gamma, NULL, 0, 100, "power of v / 255"),
    DP_NUMBER(adjust_gamma, gain, "1", 0, 1000, "factor"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    adjust_gamma *p = params_;

    (void)out, (void)arena;
    for (int v = 0; v < 256; v++) {
        const double log_v =
            v > 0 ? (double)(float)p->gamma * dp_log_d((double)((float)v / 255.0f)) : 0;
        const double power = v == 0 ? p->gamma == 0 : log_v > -700 ? dp_exp_d(log_v) : 0;
        const float value = 255.999f * (float)p->gain * (float)power;
        p->table[v] = (uint8_t)(value > 255 ? 255 : value);
    }
    return dp_check_color(in, 0, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)draws;
    dp_lut(((const adjust_gamma *)params_)->table, in, out);
}

const dp_transform dp_transform_adjust_gamma = {
    .info = {"transform", "adjust_gamma", "raise the values to a power", 2, sizeof(adjust_gamma),
             params},
    .foreign = "AdjustGamma gamma gain batches",
    .plan = plan,
    .apply = apply,
};
