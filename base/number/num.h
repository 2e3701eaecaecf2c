/* num.h - numbers as text, fused multiply-add, half precision, exp, log, sin, cos
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_NUMBER_NUM_H
#define BASE_NUMBER_NUM_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "detpipe-fp/1 forbids -ffast-math"
#endif
_Static_assert(FLT_EVAL_METHOD == 0,
               "detpipe-fp/1 needs FLT_EVAL_METHOD 0 (on 32-bit x86: -msse2 -mfpmath=sse)");

#define DP_NUMBER_SIZE 32 /* of a printed number, NUL included */

/* Decimal ("-1.5e-3") or a ratio of two decimals ("1/255") to the nearest double, whatever the
 * locale. False when it is anything else, too long (64 characters), or not finite. */
bool dp_parse_number(const char *text, size_t length, double *out);
bool dp_parse_int(const char *text, size_t length, int64_t *out);

/* The shortest decimal that parses back to the same double. */
void dp_print_number(char out[DP_NUMBER_SIZE], double value);

static inline uint32_t dp_f32_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, 4);
    return u;
}
static inline float dp_f32_from(uint32_t u)
{
    float x;
    memcpy(&x, &u, 4);
    return x;
}
static inline uint64_t dp_f64_bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, 8);
    return u;
}
static inline double dp_f64_from(uint64_t u)
{
    double x;
    memcpy(&x, &u, 8);
    return x;
}

static inline bool dp_is_finite32(float x) { return (dp_f32_bits(x) & 0x7F800000u) != 0x7F800000u; }

/* A sum of two, and by how much it is below the true one: e has no error but where s overflows. */
typedef struct dp_sum64 {
    double s, e;
} dp_sum64;
static inline dp_sum64 dp_sum_exactly(double a, double b)
{
    const double s = a + b, back = s - a;
    return (dp_sum64){s, (a - (s - back)) + (b - back)};
}

/* a + b rounded to odd: rounded again, to half as many bits, it is what the true sum is. */
static inline double dp_sum_to_odd(double a, double b)
{
    const dp_sum64 sum = dp_sum_exactly(a, b);
    const uint64_t above = sum.e > 0.0, below = sum.e < 0.0; /* neither: exact, infinite or NaN */
    const uint64_t beyond = (above | below) & (below ^ (sum.s < 0.0)); /* s is past the true sum */
    return dp_f64_from((dp_f64_bits(sum.s) - beyond) | above | below);
}

/* a * b + c rounded once.  The product of two floats is exact in double; the sum is rounded to odd
 * there, which makes the last rounding correct, subnormals included (docs/numerics.md). */
static inline float dp_fma32(float a, float b, float c)
{
#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
    return __builtin_fmaf(a, b, c);
#else
    return (float)dp_sum_to_odd((double)a * (double)b, (double)c);
#endif
}

/* a * b + c rounded once, b being a float, by the algorithm of Boldo and Melquiond (2008): the
 * product is the sum of two doubles.  Rounded more than once where a step is subnormal or infinite,
 * on every machine alike. */
static inline double dp_fma64(double a, float b, double c)
{
    const double high = dp_f64_from(dp_f64_bits(a) & ~(uint64_t)0x1FFFFFFF);
    const dp_sum64 product = dp_sum_exactly(high * (double)b, (a - high) * (double)b);
    const dp_sum64 small = dp_sum_exactly(c, product.e), large = dp_sum_exactly(product.s, small.s);
    const double fused = large.s + dp_sum_to_odd(small.e, large.e), plain = a * (double)b + c;

    return fused - fused == 0.0 && fused != 0.0 ? fused : plain; /* 0 has plain's sign */
}

/* The nearest integer, half to even; |v| < 2^51. */
static inline double dp_round_even(double v) { return (v + 0x1.8p52) - 0x1.8p52; }

/* Correctly rounded, as IEEE 754 has it; without math.h, whose names the kernels use. */
static inline float dp_sqrt32(float x) { return __builtin_sqrtf(x); }

float dp_f16_to_f32(uint16_t h);
uint16_t dp_f32_to_f16(float x); /* round half to even, overflow to infinity */

/* exp and log of docs/numerics.md without the last rounding.  x in [-745, 709] and a positive
 * normal. */
double dp_exp_d(double x);
double dp_log_d(double x);
double dp_sigmoid_d(double x); /* any x */
/* Within 2 units in the last place for |x| < 10. */
double dp_sin_d(double x);
double dp_cos_d(double x);
double dp_tanh_d(double x);

#endif
