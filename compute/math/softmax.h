/* softmax.h - a row of numbers as parts of a whole
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: m is the largest, the first NaN if there is one; S = SEQ64 of exp(x_j - m).
 */
#ifndef COMPUTE_MATH_SOFTMAX_H
#define COMPUTE_MATH_SOFTMAX_H

#include "base/number/num.h"

typedef struct dp_softmax {
    double most, sum;
} dp_softmax;

static inline dp_softmax dp_softmax_of(const float *x, int64_t n)
{
    dp_softmax s = {(double)x[0], 0.0};

    for (int64_t j = 1; j < n; j++) {
        if ((double)x[j] > s.most || x[j] != x[j])
            s.most = (double)x[j];
    }
    for (int64_t j = 0; j < n; j++)
        s.sum += dp_exp_d((double)x[j] - s.most);
    return s;
}

/* The part of x; the logarithm of that. */
static inline double dp_softmax_part(const dp_softmax *s, float x)
{
    return dp_exp_d((double)x - s->most) / s->sum;
}

static inline double dp_softmax_log(const dp_softmax *s, float x)
{
    return s->sum == s->sum ? ((double)x - s->most) - dp_log_d(s->sum) : s->sum;
}

#endif
