/* dense.h - a matrix times the features of n samples
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The orders are those of a 1x1 convolution (conv.h); the matrix [out][in] is far larger than the
 * samples, so it is the left operand, read where it is.
 */
#ifndef COMPUTE_MATH_DENSE_H
#define COMPUTE_MATH_DENSE_H

#include "compute/math/run.h"

typedef struct dp_dense {
    int64_t in, out;
} dp_dense;

size_t dp_dense_workspace(const dp_dense *, const dp_kernels *,
                          int64_t n); /* floats, for all three */

void dp_dense_forward(const dp_dense *, const dp_math_run *, const float *x, const float *w,
                      float *y);
void dp_dense_input_gradient(const dp_dense *, const dp_math_run *, const float *dy, const float *w,
                             float *dx);
void dp_dense_weight_gradient(const dp_dense *, const dp_math_run *, const float *x,
                              const float *dy, float *dw);

#endif
