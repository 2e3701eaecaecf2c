/* elementary.h - exp, sigmoid and tanh without branches, so that loops over them run in vectors
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: this order of operations, in binary64, is the definition.
 */
#ifndef BASE_NUMBER_ELEMENTARY_H
#define BASE_NUMBER_ELEMENTARY_H

#include "base/number/num.h"

/* exp of -745 <= x <= 709; NaN of NaN. */
static inline double dp_exp_core(double x)
{
    static const double c[] = {
        /* 1/13! ... 1/2!, 1, 1 */
        1.0 / 6227020800.0,
        1.0 / 479001600.0,
        1.0 / 39916800.0,
        1.0 / 3628800.0,
        1.0 / 362880.0,
        1.0 / 40320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    };
    const double t = x * 0x1.71547652b82fep0 + 0x1.8p52, k = t - 0x1.8p52;
    const double r = (x - k * 0x1.62e42fefa0000p-1) - k * 0x1.cf79abc9e3b3ap-40;
    double p = c[0];

    for (int i = 1; i < 14; i++)
        p = p * r + c[i];
    return p * dp_f64_from((dp_f64_bits(t) + 1023) << 52); /* the low bits of t are k */
}

static inline double dp_sigmoid_core(double x)
{
    const double low = x < -104.0 ? -104.0 : x, within = low > 40.0 ? 40.0 : low;
    const double value = 1.0 / (1.0 + dp_exp_core(-within));
    const double high = x > 40.0 ? 1.0 : value;

    return x < -104.0 ? 0.0 : high;
}

static inline double dp_tanh_core(double x)
{
    const double size = x < 0.0 ? -x : x, z = x * x;
    /* to x^9; keeps the sign of zero */
    const double small =
        x * (1.0 + z * (z * (z * (z * (62.0 / 2835.0) - 17.0 / 315.0) + 2.0 / 15.0) - 1.0 / 3.0));
    const double e = dp_exp_core(2.0 * (size > 20.0 ? 20.0 : size));
    const double t = (e - 1.0) / (e + 1.0), signed_t = x < 0.0 ? -t : t;

    return size < 0x1p-7 ? small : signed_t;
}

#endif
