/* norm.h - what operators and layers that normalize share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_NORM_H
#define COMPUTE_MATH_NORM_H

#include <math.h>

/* 1 / sqrt(variance + epsilon), rounded once. */
static inline float dp_reciprocal_deviation(float variance, double epsilon)
{
    return (float)(1.0 / sqrt((double)variance + epsilon));
}

#endif
