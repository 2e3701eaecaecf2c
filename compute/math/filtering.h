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

/* Why tiles of tile x tile outputs cannot compute it; NULL: they can. */
const char *dp_filtering_fault(const dp_conv *, int64_t tile);

/* Whether they can, and should be faster: by the shapes alone, whatever the machine. */
bool dp_filtering_pays(const dp_conv *, int64_t tile);

/* Floats of scratch memory for n samples on so many threads, as a double: it may be any number. */
double dp_filtering_workspace(const dp_conv *, const dp_kernels *, int64_t n, uint32_t threads);

void dp_filtering_forward(const dp_conv *, const dp_math_run *, const float *x, const float *w,
                          const float *bias, float *y, const dp_post_op *);
void dp_filtering_input_gradient(const dp_conv *, const dp_math_run *, const float *dy,
                                 const float *w, float *dx, const dp_post_op *);
void dp_filtering_weight_gradient(const dp_conv *, const dp_math_run *, const float *x,
                                  const float *dy, float *dw);

#endif
