/* elementary.h - exp, sigmoid and tanh without branches, so that loops over them run in vectors
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: this order of operations, in binary64, is the definition; in binary32 of the
 * fast forms.
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

/* exp(-size) = 2^-n (1 + p). */
typedef struct dp_fast_exp {
    float p;
    uint32_t n;
} dp_fast_exp;

/* Of 0 <= size <= 104; log2e and ln2 as floats, the latter as two.  The low bits of t are n. */
static inline dp_fast_exp dp_fast_exp_core(float size)
{
    const float t = dp_fma32(size, 0x1.715476p0f, 0x1.8p23f), n = t - 0x1.8p23f;
    const float r = dp_fma32(n, -0x1.05c61p-29f, dp_fma32(n, 0x1.62e43p-1f, -size));
    float q = 0x1.6b9c68p-10f; /* minimax, each coefficient a float */

    q = dp_fma32(q, r, 0x1.12254ap-7f);
    q = dp_fma32(q, r, 0x1.5556f2p-5f);
    q = dp_fma32(q, r, 0x1.5554b4p-3f);
    q = dp_fma32(q, r, 0x1.fffffep-2f);
    return (dp_fast_exp){dp_fma32(q, r * r, r), dp_f32_bits(t) & 0xFF};
}

/* 2^-n of n <= 126. */
static inline float dp_fast_power(uint32_t n) { return dp_f32_from((127 - n) << 23); }

static inline float dp_fast_sigmoid_core(float x)
{
    const float size = x < 0.0f ? -x : x;
    const dp_fast_exp f = dp_fast_exp_core(size > 104.0f ? 104.0f : size);
    const float half = dp_fast_power(f.n / 2); /* 2^-n by halves, as it may be subnormal */
    const float e = dp_fma32(f.p, half, half) * dp_fast_power(f.n - f.n / 2);
    const float part = e / (1.0f + e);

    return x < 0.0f ? part : 1.0f - part;
}

static inline float dp_fast_tanh_core(float x)
{
    const float size = x < 0.0f ? -x : x;
    const dp_fast_exp f = dp_fast_exp_core(2.0f * (size > 10.0f ? 10.0f : size));
    const float s = dp_fast_power(f.n), sum = dp_fma32(f.p, s, 1.0f + s); /* 1 + exp(-2 size) */
    const bool near = size < 0.625f;
    const float part = (near ? dp_fma32(-f.p, s, 1.0f - s) : -2.0f * dp_fma32(f.p, s, s)) / sum;

    return dp_f32_from(dp_f32_bits(near ? part : 1.0f + part) | (dp_f32_bits(x) & 0x80000000u));
}

#endif
