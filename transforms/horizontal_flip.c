/* horizontal_flip.c - the image mirrored left to right
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/flip.h"

typedef struct horizontal_flip {
    const char *column;
} horizontal_flip;

static const dp_param params[] = {
    DP_COLUMN(horizontal_flip),
    DP_PARAMS_END,
};

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_, (void)draws;
    dp_flip_horizontal(in, out);
}

static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    (void)params_, (void)draws, (void)out;
    dp_flip_part_horizontal(in, part);
}

static void move(const void *params_, const double *draws, dp_places *at)
{
    (void)params_, (void)draws;
    dp_flip_places(at->cols, at->width);
}

const dp_transform dp_transform_horizontal_flip = {
    .info = {"transform", "horizontal_flip", "mirror the image left to right", 1,
             sizeof(horizontal_flip), params},
    .foreign = "HorizontalFlip batches",
    .plan = dp_plan_flip,
    .apply = apply,
    .reads = reads,
    .move = move,
};
