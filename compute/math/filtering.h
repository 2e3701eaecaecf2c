/* filtering.h - convolution by minimal filtering (Winograd, 1980): fewer products than taps
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Orders (docs/numerics.md): the outputs are cut into tiles of m x m, each made of a x a products;
 * a product is a sum of CHAINs over 32 channels each, for the gradient of the weights a CHAIN over
 * the tiles (n, row, column) of a leaf of samples and, once it is transformed, a TREE over leaves.
 * These are what conv.h calls for a convolution with a `tile`; arguments as there.
 */
#ifndef COMPUTE_MATH_FILTERING_H
#define COMPUTE_MATH_FILTERING_H

#include "compute/math/conv.h"

/* What `algorithm` of a text may be. */
#define DP_ALGORITHMS "direct,winograd,winograd4,auto"

/* Gives the convolution the tile of an algorithm, a number of that list; auto becomes what it
 * stands for, so that a canonical text says it.  DP_ESPEC, naming the reason, where it cannot be
 * computed so. */
dp_status dp_filtering_choose(dp_conv *, int32_t *algorithm, dp_error *);

/* Floats of scratch memory for n samples on so many threads, as a double: it may be any number. */
double dp_filtering_workspace(const dp_conv *, const dp_kernels *, int64_t n, uint32_t threads);

void dp_filtering_forward(const dp_conv *, const dp_math_run *, const float *x, const float *w,
                          const float *bias, float *y, const dp_post_op *);
void dp_filtering_input_gradient(const dp_conv *, const dp_math_run *, const float *dy,
                                 const float *w, float *dx, const dp_post_op *);
void dp_filtering_weight_gradient(const dp_conv *, const dp_math_run *, const float *x,
                                  const float *dy, float *dw);

#endif
