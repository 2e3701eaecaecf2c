/* random_vertical_flip.c - the image mirrored top to bottom, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/flip.h"

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_change_if(draws[0] != 0, dp_flip_vertical, in, out);
}

static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    (void)params_, (void)out;
    if (draws[0] != 0)
        dp_flip_part_vertical(in, part);
}

static void move(const void *params_, const double *draws, dp_places *at)
{
    (void)params_;
    if (draws[0] != 0)
        dp_flip_places(at->rows, at->height);
}

static bool fixed(const dp_fixing *f) { return f->draws[0] == 0 || dp_fix(f, "vertical_flip"); }

const dp_transform dp_transform_random_vertical_flip = {
    .info = {"transform", "random_vertical_flip",
             "mirror the image top to bottom with a probability", 1, sizeof(dp_chance),
             dp_chance_params},
    .foreign = "RandomVerticalFlip prob workers",
    .plan = dp_plan_flip,
    .apply = apply,
    .reads = reads,
    .draw = dp_draw_chance,
    .drawn = "flip",
    .replay = dp_replay_chance,
    .replays_any_shape = true,
    .fixed = fixed,
    .move = move,
};
