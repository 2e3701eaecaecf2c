/* random_horizontal_flip.c - the image mirrored left to right, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/flip.h"

const dp_transform dp_transform_random_horizontal_flip = {
    .info = {"transform", "random_horizontal_flip",
             "mirror the image left to right with a probability", 1, sizeof(dp_chance),
             dp_chance_params},
    .foreign = "RandomHorizontalFlip prob workers batches",
    .plan = dp_plan_flip,
    .apply = dp_flip_if_drawn,
    .reads = dp_flip_part_if_drawn,
    .draw = dp_draw_chance,
    .drawn = "flip",
    .replay = dp_replay_chance,
    .replays_batch = DP_DRAWS_ONCE,
    .replays_any_shape = true,
    .fixed = dp_flip_fixed,
    .move = dp_flip_places_if_drawn,
};
