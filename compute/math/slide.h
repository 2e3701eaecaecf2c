/* slide.h - kernels that slide over an image: size, stride and padding of convolution and pooling
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_SLIDE_H
#define COMPUTE_MATH_SLIDE_H

#include "compute/math/conv.h"
#include "compute/math/extent.h"
#include "lang/params.h"

#define DP_MAX_KERNEL 1024
#define DP_PAD_MODES  "valid,same,pad"
enum { DP_PAD_VALID, DP_PAD_SAME, DP_PAD_EXPLICIT };

/* Parameters that layers share; a layer's struct begins with it.  A list that is left out is 1 (0
 * for padding). */
typedef struct dp_slide_params {
    dp_ints kernel_size, stride, dilation;
    dp_ints padding; /* of pad_mode=pad: one number, or top, bottom, left, right */
    int32_t pad_mode;
} dp_slide_params;

typedef struct dp_slide {
    int64_t kernel[2], stride[2], dilation[2]; /* height, width */
    int64_t before[2], after[2];               /* padding */
    int64_t out[2];
} dp_slide;

/* docs/mindspore.md. */
dp_status dp_slide_plan(const dp_slide_params *, const dp_extent *in, dp_slide *out, dp_error *);

/* The convolution of an image with oc kernels that slide so. */
dp_conv dp_conv_of(const dp_extent *in, int64_t oc, int64_t groups, const dp_slide *);

/* First and last (included) along axis d: the places of a window inside an image of `size`, and the
 * windows that hold a place. */
typedef struct dp_range {
    int64_t first, last;
} dp_range;
dp_range dp_slide_places(const dp_slide *, int d, int64_t window, int64_t size);
dp_range dp_slide_windows(const dp_slide *, int d, int64_t place);

#endif
