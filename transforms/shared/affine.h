/* affine.h - images turned, moved and scaled, for the stages that do so
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The arithmetic of OpenCV 4.11's warpAffine: source positions in 1/1024 of a pixel (nearest), or
 * rounded to 1/32 (linear) with weights in 2^-15; what lies outside is the fill value.
 */
#ifndef TRANSFORMS_SHARED_AFFINE_H
#define TRANSFORMS_SHARED_AFFINE_H

#include "transforms/shared/transform.h"

/* From output (x, y) to source (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]). */
typedef struct dp_affine {
    double m[6];
} dp_affine;

#define DP_PI 0x1.921fb54442d18p1

/* |radians| < 2^18: to the nearest double but for one in a million. */
void dp_sincos(double radians, double *sine, double *cosine);

/* The way back of: turn by `degrees`, as a float, counter-clockwise about (center_x, center_y),
 * scaled, and shift by (dx, dy) pixels. */
dp_affine dp_affine_back(double degrees, double scale, double center_x, double center_y, double dx,
                         double dy);
/* MindSpore's: turned, sheared and scaled about the middle, then shifted, the way there in floats;
 * degrees clockwise. */
typedef struct dp_affine_move {
    double degrees, scale, shear[2], shift[2]; /* shear in degrees, shift in pixels, x then y */
    bool glibc; /* sine and cosine are its floats (below 120 radians), not the nearest ones */
} dp_affine_move;
dp_affine dp_affine_moved(const dp_affine_move *, int64_t height, int64_t width);
/* The way back of a map. */
dp_affine dp_affine_inverse(const dp_affine *forward);

/* uint8 images; fill: one value, or one for each of three channels. */
void dp_affine_run(const dp_affine *back, bool linear, const dp_ints *fill, const dp_tensor *in,
                   const dp_tensor *out);

#endif
