/* solarize.c - values of a range inverted
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct solarize {
    const char *column;
    dp_numbers threshold;
} solarize;

static const dp_param params[] = {
    DP_COLUMN(solarize),
    DP_NUMBERS(solarize, threshold, NULL, 0, 255, "low,high; one number: from there on"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const solarize *p = params_;

    (void)out, (void)arena;
    if (p->threshold.n > 2 || p->threshold.v[0] > p->threshold.v[p->threshold.n - 1])
        return dp_fail(err, DP_ESPEC, "threshold takes low,high, or one number");
    return dp_check_color(in, 0, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const solarize *p = params_;

    (void)draws;
    dp_solarize(p->threshold.v[0], p->threshold.v[p->threshold.n - 1], in, out);
}

const dp_transform dp_transform_solarize = {
    .info = {"transform", "solarize", "invert the values of a range", 1, sizeof(solarize), params},
    .foreign = "Solarize threshold unread",
    .plan = plan,
    .apply = apply,
    .pointwise = dp_always,
};
