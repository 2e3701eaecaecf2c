/* random_auto_contrast.c - values stretched to 0..255, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_auto_contrast {
    DP_RANDOM_PARAMS;
    double prob;
    double cutoff;
    dp_ints ignore;
} random_auto_contrast;

static const dp_param params[] = {
    DP_COLUMN(random_auto_contrast),
    DP_NUMBER(random_auto_contrast, cutoff, "0", 0, 49.999,
              "per cent of the pixels left out at each end"),
    DP_INTS(random_auto_contrast, ignore, "", 0, 255, "values that do not count"),
    DP_PROB(random_auto_contrast),
    DP_RANDOM_ORDER(random_auto_contrast),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_auto_contrast *p = params_;

    if (draws[0] != 0)
        dp_auto_contrast(p->cutoff, &p->ignore, in, out);
    else
        dp_copy(in, out);
}

static bool fixed(const dp_fixing *f)
{
    return f->draws[0] == 0 || dp_fix(f, "auto_contrast cutoff={cutoff} ignore={ignore}");
}

const dp_transform dp_transform_random_auto_contrast = {
    .info = {"transform", "random_auto_contrast", "stretch the values with a probability", 2,
             sizeof(random_auto_contrast), params},
    .foreign = "RandomAutoContrast cutoff ignore prob workers unread",
    .plan = dp_plan_color,
    .apply = apply,
    .draw = dp_draw_chance,
    .drawn = "applied",
    .replay = dp_replay_chance,
    .replays_any_shape = true,
    .fixed = fixed,
};
