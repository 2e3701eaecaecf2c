/* random_equalize.c - values spread evenly, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_change_if(draws[0] != 0, dp_equalize, in, out);
}

static bool fixed(const dp_fixing *f) { return f->draws[0] == 0 || dp_fix(f, "equalize"); }

const dp_transform dp_transform_random_equalize = {
    .info = {"transform", "random_equalize", "spread the values evenly with a probability", 1,
             sizeof(dp_chance), dp_chance_params},
    .foreign = "RandomEqualize prob workers unread",
    .plan = dp_plan_color,
    .apply = apply,
    .draw = dp_draw_chance,
    .drawn = "applied",
    .replay = dp_replay_chance,
    .replays_any_shape = true,
    .fixed = fixed,
};
