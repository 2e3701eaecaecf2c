/* frame.h - a rectangle cut out of an image that goes on for ever
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * crop, center_crop, pad and random_crop are one operation: the image is bordered (constant, edge,
 * reflect or symmetric), and a window of the bordered plane is copied.  A border is planned as two
 * tables, source row and source column of every place of the plane, so that borders may be put
 * around borders.
 */
#ifndef TRANSFORMS_SHARED_FRAME_H
#define TRANSFORMS_SHARED_FRAME_H

#include "transforms/shared/transform.h"

#define DP_PADDING_MODES "constant,edge,reflect,symmetric"

/* One number or three, and another than 0 only where padding_mode=constant uses it. */
dp_status dp_check_fill(const dp_ints *fill_value, int32_t padding_mode, dp_error *);

typedef struct dp_axis {
    int32_t *source;     /* of each place; -1 = the fill value */
    int64_t length;      /* of the plane */
    int64_t first, last; /* places first..last-1 hold the image itself, in order */
} dp_axis;

typedef struct dp_window {
    dp_axis y, x;
    int64_t width;     /* of the image, in pixels */
    size_t pixel_size; /* bytes */
    uint8_t *fill;     /* one pixel */
} dp_window;

/* The first members of a transform whose window is at one place, which plan finds. */
#define DP_FRAMED_PARAMS                                                                           \
    const char *column;                                                                            \
    dp_window window;                                                                              \
    int64_t corner[2] /* top, left of it */
/* Its apply, reads, move and fill. */
void dp_framed_apply(const void *params, const double *draws, const dp_tensor *in,
                     const dp_tensor *out);
void dp_framed_reads(const void *params, const double *draws, const dp_tensor *in,
                     const dp_tensor *out, dp_picture_part *);
void dp_framed_move(const void *params, const double *draws, dp_places *);
const uint8_t *dp_framed_fill(const void *params);

/* An image <H,W> or <H,W,C>, not empty. */
dp_status dp_check_image(const dp_column *in, dp_error *);
/* The types that MindSpore's image operators take (docs/mindspore.md), and 1 or 3 channels. */
dp_status dp_check_image_type(const dp_column *in, dp_error *);
dp_status dp_check_channels(const dp_column *in, dp_error *);
/* All three: what borders and crops of MindSpore take. */
dp_status dp_check_picture(const dp_column *in, dp_error *);

/* (height, width) from one or two numbers; (left, top, right, bottom) from one, two or four. */
void dp_size_pair(const dp_ints *, int64_t size[2]);
dp_status dp_padding(const dp_ints *, int64_t padding[4], dp_error *);
dp_status dp_check_list(const char *name, const dp_ints *, int32_t most, dp_error *);

/* The plane without borders; `fill` (one value, or one for each of 3 channels) may be NULL for
 * zeros. */
dp_status dp_window_plan(dp_window *, const dp_column *in, const dp_ints *fill, dp_arena *,
                         dp_error *);
/* Puts `before` and `after` places around an axis. */
dp_status dp_axis_pad(dp_axis *, int64_t before, int64_t after, int32_t mode, dp_arena *,
                      dp_error *);
void dp_window_copy(const dp_window *, int64_t top, int64_t left, const dp_tensor *in,
                    const dp_tensor *out);

/* What it reads of the image for a part of what is copied. */
void dp_window_reads(const dp_window *, int64_t top, int64_t left, dp_picture_part *);

/* The same as places (transforms/pass/pass.h). */
void dp_window_move(const dp_window *, int64_t top, int64_t left, dp_places *);

/* The sample's shape with another height and width, or DP_ELIMIT. */
dp_status dp_resized(dp_column *out, int64_t height, int64_t width, dp_error *);

#endif
