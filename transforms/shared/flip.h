/* flip.h - mirroring images, for the five flips
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_FLIP_H
#define TRANSFORMS_SHARED_FLIP_H

#include "transforms/shared/transform.h"

/* The `plan` of a flip: <H,W>, <H,W,C> or <...,H,W,C> of an image type. */
dp_status dp_plan_flip(void *params, const dp_column *in, dp_column *out, dp_arena *, dp_error *);
void dp_flip_horizontal(const dp_tensor *in, const dp_tensor *out);
void dp_flip_vertical(const dp_tensor *in, const dp_tensor *out);
void dp_flip_places(int32_t *places, int32_t n); /* rows or columns, for transforms/pass/pass.h */
/* Where a part of the mirrored image <H,W> or <H,W,C> is in the image. */
void dp_flip_part_horizontal(const dp_tensor *in, dp_picture_part *);
void dp_flip_part_vertical(const dp_tensor *in, dp_picture_part *);

/* `apply`, `reads`, `move` and `fixed` of the two transforms that draw whether the image is
 * mirrored left to right: their one draw is not 0 where it is. */
void dp_flip_if_drawn(const void *params, const double *draws, const dp_tensor *in,
                      const dp_tensor *out);
void dp_flip_part_if_drawn(const void *params, const double *draws, const dp_tensor *in,
                           const dp_tensor *out, dp_picture_part *);
void dp_flip_places_if_drawn(const void *params, const double *draws, dp_places *);
bool dp_flip_fixed(const dp_fixing *);

#endif
