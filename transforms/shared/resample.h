/* resample.h - images of another height and width, for the stages that make them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md, bit for bit for uint8 (every mode) and for float32 (nearest, linear): the
 * arithmetic of OpenCV 4.11, written down.  cubic and area of float32 are the same formulas
 * without their fixed point.  pilcubic, and what is antialiased, is in pillow.h.
 */
#ifndef TRANSFORMS_SHARED_RESAMPLE_H
#define TRANSFORMS_SHARED_RESAMPLE_H

#include "transforms/shared/transform.h"

/* The first three are what all can do, the next three are antialiased, the last two are not. */
#define DP_INTERPOLATIONS "linear,nearest,cubic,box,hamming,lanczos,area,pilcubic"
enum { DP_LINEAR, DP_NEAREST, DP_CUBIC, DP_BOX, DP_HAMMING, DP_LANCZOS, DP_AREA, DP_PILCUBIC };

/* Whether a filter is as wide as the image shrinks, and then whose bytes (pillow.h). */
#define DP_ANTIALIAS(owner)                                                                        \
    DP_LATER_CHOICE(                                                                               \
        owner, antialias, "false", "false,true,pillow13,torch",                                    \
        "filters as wide as the image shrinks, as Pillow to version 12, 13, or PyTorch")
enum { DP_ALIASED, DP_PILLOW, DP_PILLOW_13, DP_TORCH };

/* One output place along an axis: up to four source places, clamped into the image. */
typedef struct dp_taps {
    int32_t source[4], fixed[4];
    float weight[4];
    bool edge; /* linear, float32: the last source place alone */
} dp_taps;

/* The same where it takes more: `count` places from `first` on. */
typedef struct dp_span {
    int32_t first, count;
    const float *weights;
} dp_span;

typedef struct dp_resample {
    int64_t channels;
    size_t pixel_size;      /* bytes */
    const dp_taps *axis[2]; /* vertical, horizontal */
    dp_span *spans[2];
    int64_t ratio[2]; /* area by whole numbers; 0 = not */
    void (*pixel)(const struct dp_resample *, const void *src, int64_t y, int64_t x, void *dst);
    int64_t width; /* pixels from a source row to the next */
    int64_t out_width;
    bool rows; /* linear of uint8, by rows (linear.c): the same as pixel by pixel, and faster */
    int32_t n_taps; /* source places of an output place, where they are taps */
} dp_resample;

/* DP_ESPEC unless the mode takes the column. */
dp_status dp_check_resample(const dp_column *in, int32_t interpolation, int32_t antialias,
                            dp_error *);

/* The (height, width) that `size` asks for: both, or the shorter side and the other in proportion,
 * MindSpore's product of floats, or, exact, torchvision's. */
dp_status dp_resample_size(const dp_ints *size, const dp_column *in, bool exact, int64_t dst[2],
                           dp_error *);

/* From (height, width) src to dst, of images of the column's type; not for pillow.h's. */
dp_status dp_resample_plan(dp_resample *, const dp_column *in, int32_t interpolation,
                           const int64_t src[2], const int64_t dst[2], dp_arena *, dp_error *);

/* The taps of one axis, into out[dst]; not for area. */
void dp_resample_axis(dp_taps *out, int32_t interpolation, int64_t src, int64_t dst,
                      bool horizontal);
/* The pixel function for axes that were planned so. */
void dp_resample_choose(dp_resample *, int32_t interpolation, bool u8, const int64_t src[2],
                        const int64_t dst[2]);

/* src is the first pixel of what is resampled; a part of the result is made, to its place. */
void dp_resample_run(const dp_resample *, const void *src, const dp_tensor *out,
                     const dp_picture_part *, dp_cpu_level);
/* Where one size is the other: pixels from `first` on, so many bytes from row to row. */
void dp_resample_copy(const uint8_t *first, size_t row, const dp_tensor *out,
                      const dp_picture_part *);

/* From a part of the result to what is read for it; not where one size is the other. */
void dp_resample_reads(const dp_resample *, dp_picture_part *);

#endif
