/* norm.h - numbers of mean 0 and variance 1: what layers and operators that normalize share
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, layer_norm: the sums of a row are LANE64.
 */
#ifndef COMPUTE_MATH_NORM_H
#define COMPUTE_MATH_NORM_H

#include <math.h>

#include "compute/kernels/kernels.h"

/* 1 / sqrt(variance + epsilon), rounded once. */
static inline float dp_reciprocal_deviation(double variance, double epsilon)
{
    return (float)(1.0 / sqrt(variance + epsilon));
}

/* The variance, from the means of x and of x^2. */
static inline double dp_variance_of(double mean, double square)
{
    const double variance = square - mean * mean;
    return variance < 0.0 ? 0.0 : variance;
}

/* Rows of `row` numbers, one after another: number i of them all is scaled by number i % scales of
 * gamma, and shifted by that of beta. */
typedef struct dp_norm {
    const dp_kernels *kernels;
    int64_t row, scales;
    const float *gamma;
    const float *beta; /* forward only, as epsilon */
    double epsilon;
} dp_norm;

typedef struct dp_norm_moments {
    float mean, variance;
} dp_norm_moments;

/* Row number `index` of x to that of y; its mean and variance. */
dp_norm_moments dp_norm_row(const dp_norm *, int64_t index, const float *x, float *y);

/* Row number `index` of dx, from those of dy and x; r = dp_reciprocal_deviation of its variance. */
void dp_norm_row_gradient(const dp_norm *, int64_t index, float mean, float r, const float *dy,
                          const float *x, float *dx);

/* Of n numbers of one row: dy h to the sums of dgamma (exact), dy to those of dbeta. */
static inline void dp_norm_add_scales(int64_t n, float mean, float r, const float *dy,
                                      const float *x, double *dgamma, double *dbeta)
{
    for (int64_t j = 0; j < n; j++) {
        const float h = (x[j] - mean) * r;
        dgamma[j] += (double)dy[j] * (double)h;
        dbeta[j] += (double)dy[j];
    }
}

#endif
