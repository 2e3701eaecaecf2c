/* vertical_flip.c - the image mirrored top to bottom
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/flip.h"

typedef struct vertical_flip {
    const char *column;
} vertical_flip;

static const dp_param params[] = {
    DP_COLUMN(vertical_flip),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_, (void)draws;
    dp_flip_vertical(in, out);
}

static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    (void)params_, (void)draws, (void)out;
    dp_flip_part_vertical(in, part);
}

static void move(const void *params_, const double *draws, dp_places *at)
{
    (void)params_, (void)draws;
    dp_flip_places(at->rows, at->height);
}

const dp_transform dp_transform_vertical_flip = {
    .info = {"transform", "vertical_flip", "mirror the image top to bottom", 1,
             sizeof(vertical_flip), params},
    .foreign = "VerticalFlip batches",
    .plan = dp_plan_flip,
    .apply = apply,
    .reads = reads,
    .move = move,
};
