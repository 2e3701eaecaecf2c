/* alternating_flip.c - the image mirrored left to right in every second epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jordan 2024 (airbench).  Whether a record is mirrored in epoch 0 is drawn for the record, so that
 * two epochs show each record both ways.
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/flip.h"

typedef struct alternating_flip {
    DP_RANDOM_PARAMS;
} alternating_flip;

static const dp_param params[] = {
    DP_COLUMN(alternating_flip),
    DP_RANDOM_ORDER(alternating_flip),
    DP_PARAMS_END,
};

static void draw(const void *params_, dp_place *place, double *draws)
{
    dp_rng record;

    (void)params_;
    dp_rng_start(&record, place->key, 0, place->record);
    draws[0] = (dp_rng_u32(&record) ^ (uint32_t)place->epoch) & 1;
}

const dp_transform dp_transform_alternating_flip = {
    .info = {"transform", "alternating_flip", "mirror the image in every second epoch", 1,
             sizeof(alternating_flip), params},
    .plan = dp_plan_flip,
    .apply = dp_flip_if_drawn,
    .reads = dp_flip_part_if_drawn,
    .draw = draw,
    .drawn = "flip",
    .fixed = dp_flip_fixed,
    .move = dp_flip_places_if_drawn,
};
