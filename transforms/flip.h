/* flip.h - mirroring images, for the four flips
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_FLIP_H
#define TRANSFORMS_FLIP_H

#include "transforms/transform.h"

/* <H,W>, <H,W,C> or <...,H,W,C> of an image type. */
dp_status dp_check_flip(const char *stage, const dp_column *in, dp_error *);
void dp_flip_horizontal(const dp_tensor *in, const dp_tensor *out);
void dp_flip_vertical(const dp_tensor *in, const dp_tensor *out);

/* random_horizontal_flip and random_vertical_flip: one number u a row, whatever prob is; mirrored
 * when u < prob. */
typedef struct dp_random_flip {
    DP_RANDOM_PARAMS;
    double prob;
} dp_random_flip;
#define DP_RANDOM_FLIP_PARAMS                                                                      \
    DP_COLUMN(dp_random_flip),                                                                     \
        DP_NUMBER(dp_random_flip, prob, "0.5", 0, 1, "of a mirrored image"),                       \
        DP_RANDOM_ORDER(dp_random_flip), DP_PARAMS_END
void dp_draw_flip(const void *params, dp_place *, double *draws);
void dp_replay_flip(const void *params, dp_mt19937 *, double *draws);

typedef void dp_flip(const dp_tensor *in, const dp_tensor *out);
void dp_flip_if(bool flip, dp_flip *, const dp_tensor *in, const dp_tensor *out); /* or copied */

#endif
