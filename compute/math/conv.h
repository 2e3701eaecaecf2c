/* conv.h - convolution on NHWC activations and OIHW weights
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Orders (docs/numerics.md): forward is a CHAIN over (kh, kw, ic), zero padding takes part;
 * the gradient of the input a CHAIN over (oh, ow, oc) of the taps that exist; the gradient of the
 * weights a CHAIN over (n, oh, ow) inside each leaf of samples and a TREE over the leaves.
 */
#ifndef COMPUTE_MATH_CONV_H
#define COMPUTE_MATH_CONV_H

#include "compute/math/post_op.h"
#include "compute/math/run.h"

typedef struct dp_conv {
    int64_t ic, height, width;  /* of the input */
    int64_t oc, kh, kw, oh, ow; /* of the output: oh x ow places */
    int64_t stride_h, stride_w;
    int64_t dilation_h, dilation_w;   /* places from one tap to the next */
    int64_t groups;                   /* each makes oc / groups channels of ic / groups */
    int64_t top, left, bottom, right; /* zeros around the input */
    int64_t tile; /* outputs of a side that are made together (filtering.h); 0: each by itself */
} dp_conv;

/* A kernel of one place, on a row of places: each is multiplied with the matrix [oc][ic]. */
dp_conv dp_conv_1x1(int64_t ic, int64_t oc, int64_t places);

/* Floats of scratch memory for n samples on so many threads, for all three. */
size_t dp_conv_workspace(const dp_conv *, const dp_kernels *, int64_t n, uint32_t threads);

/* bias: oc numbers, or NULL; post_op: of y, of dx, or NULL. */
void dp_conv_forward(const dp_conv *, const dp_math_run *, const float *x, const float *w,
                     const float *bias, float *y, const dp_post_op *);
void dp_conv_input_gradient(const dp_conv *, const dp_math_run *, const float *dy, const float *w,
                            float *dx, const dp_post_op *);
void dp_conv_weight_gradient(const dp_conv *, const dp_math_run *, const float *x, const float *dy,
                             float *dw);

#endif
