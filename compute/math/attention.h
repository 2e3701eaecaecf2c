/* attention.h - each place of a sample looks at all places, or at those that are not behind it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: with `causal`, place i sees the places j <= i: every sum over j has i + 1
 * terms, every sum over i begins at j.  What is not seen is not a term, not even as a zero.
 */
#ifndef COMPUTE_MATH_ATTENTION_H
#define COMPUTE_MATH_ATTENTION_H

#include "compute/kernels/kernels.h"

/* One head of one sample; a row of q, k, v and their gradients is `stride` floats, one of y and dy
 * `channels`. */
typedef struct dp_attention {
    const dp_kernels *kernels;
    int64_t d, places, stride, channels;
    bool causal;
    const float *q, *k, *v, *dy;
    float *y, *dq, *dk, *dv;
    float *p;       /* [places][places], from forward to backward; what is not seen is not read */
    float *scratch; /* [d][places], then [places] */
} dp_attention;

static inline int64_t dp_attention_scratch(int64_t d, int64_t places) { return (d + 1) * places; }

void dp_attention_forward(const dp_attention *);
void dp_attention_backward(const dp_attention *); /* after forward; p is overwritten */

#endif
