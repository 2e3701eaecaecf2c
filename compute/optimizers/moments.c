/* moments.c - what adam and adamw share
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: everything that depends on the step alone is binary64, rounded once; beta^t is
 * multiplied together from the highest bit of t down.
 */
#include <math.h>

#include "compute/optimizers/moments.h"

static double power(double beta, uint64_t t)
{
    double p = 1.0;

    for (int bit = 63; bit >= 0; bit--) {
        p *= p;
        if ((t >> bit & 1) != 0)
            p *= beta;
    }
    return p;
}

static dp_adam common(const dp_moments *m)
{
    return (dp_adam){
        .new1 = (float)(1.0 - m->beta1),
        .beta2 = (float)m->beta2,
        .new2 = (float)(1.0 - m->beta2),
        .scale = 1,
        .eps = (float)m->eps,
    };
}

dp_adam dp_moments_step(const dp_moments *m, const dp_learning *step)
{
    dp_adam a = common(m);

    if (m->schedule.rule == DP_RULE_MINDSPORE) {
        a.rate = (float)(step->rate * sqrt(1.0 - power((double)a.beta2, step->number + 1)) /
                         (1.0 - power((double)(float)m->beta1, step->number + 1)));
        return a;
    }
    a.rate = (float)(step->rate / (1.0 - power(m->beta1, step->number + 1)));
    a.scale = (float)(1.0 / sqrt(1.0 - power(m->beta2, step->number + 1)));
    return a;
}
