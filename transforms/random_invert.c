/* random_invert.c - values inverted, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    (void)params_, (void)out, (void)arena;
    return dp_check_color(in, 0, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_change_if(draws[0] != 0, dp_invert, in, out);
}

static bool fixed(const dp_fixing *f) { return f->draws[0] == 0 || dp_fix(f, "invert"); }

const dp_transform dp_transform_random_invert = {
    .info = {"transform", "random_invert", "invert the values with a probability", 1,
             sizeof(dp_chance), dp_chance_params},
    .foreign = "RandomInvert prob workers unread",
    .plan = plan,
    .apply = apply,
    .draw = dp_draw_chance,
    .drawn = "applied",
    .replay = dp_replay_chance,
    .replays_any_shape = true,
    .fixed = fixed,
};
