/* random_horizontal_flip.c - the image mirrored left to right, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/pass.h"
#include "transforms/shared/chance.h"
#include "transforms/shared/flip.h"

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_change_if(draws[0] != 0, dp_flip_horizontal, in, out);
}

static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    (void)params_, (void)out;
    if (draws[0] != 0)
        dp_flip_part_horizontal(in, part);
}

static void move(const void *params_, const double *draws, dp_places *at)
{
    (void)params_;
    if (draws[0] != 0)
        dp_flip_places(at->cols, at->width);
}

static bool fixed(const dp_fixing *f) { return f->draws[0] == 0 || dp_fix(f, "horizontal_flip"); }

const dp_transform dp_transform_random_horizontal_flip = {
    .info = {"transform", "random_horizontal_flip",
             "mirror the image left to right with a probability", 1, sizeof(dp_chance),
             dp_chance_params},
    .foreign = "RandomHorizontalFlip prob workers batches",
    .plan = dp_plan_flip,
    .apply = apply,
    .reads = reads,
    .draw = dp_draw_chance,
    .drawn = "flip",
    .replay = dp_replay_chance,
    .replays_batch = DP_DRAWS_ONCE,
    .replays_any_shape = true,
    .fixed = fixed,
    .move = move,
};
