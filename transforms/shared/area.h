/* area.h - a random rectangle of a given share and shape of an image, for the stages that draw one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_AREA_H
#define TRANSFORMS_SHARED_AREA_H

#include "transforms/shared/transform.h"

typedef struct dp_area {
    int64_t height, width;     /* of the image */
    double scale[2], ratio[2]; /* least and most share of its area; width over height */
    int64_t max_attempts;
} dp_area;

dp_status dp_area_plan(dp_area *, const dp_column *in, const dp_numbers *scale,
                       const dp_numbers *ratio, dp_error *);

/* Sides of share * area and of that ratio, rounded, at least 1; whether they fit into the image. */
bool dp_area_sides(const dp_area *, double share, double ratio, double *height, double *width);

/* top, left, height, width: one attempt draws the share, the logarithm of the ratio and, when it
 * fits, left and top.  False when no attempt fits. */
bool dp_area_draw(const dp_area *, dp_place *, double draws[4]);
bool dp_area_replay(const dp_area *, dp_mt19937 *, double draws[4]);

#endif
