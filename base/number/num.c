/* num.c - numbers as text, half precision, exp, log, sin, cos
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/number/num.h"

#include <stdio.h>

#include "base/number/elementary.h"

/* Decimal text and doubles meet in one exact ratio of two big integers, which is rounded once: slow
 * and short, free of the locale, and correct by construction.  Texts are a few bytes long. */

#define MAX_TEXT  64
#define MAX_EXP10 400
#define WORDS     96 /* 3072 bits: 10^(64 + 2 * 400) and 2^1074 * 10 fit */

typedef struct big {
    uint32_t w[WORDS];
} big;

static void big_mul_add(big *b, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)b->w[i] * factor;
        b->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static int big_bits(const big *b)
{
    for (int i = WORDS - 1; i >= 0; i--) {
        if (b->w[i] != 0)
            return 32 * i + 32 - __builtin_clz(b->w[i]);
    }
    return 0;
}

static void big_shift_left(big *b, int n)
{
    const int words = n / 32, bits = n % 32;
    for (int i = WORDS - 1; i >= 0; i--) {
        const uint64_t high = i - words >= 0 ? b->w[i - words] : 0;
        const uint64_t low = i - words - 1 >= 0 ? b->w[i - words - 1] : 0;
        b->w[i] = (uint32_t)((high << 32 | low) << bits >> 32);
    }
}

static int big_compare(const big *a, const big *b)
{
    for (int i = WORDS - 1; i >= 0; i--) {
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i] ? -1 : 1;
    }
    return 0;
}

static void big_subtract(big *a, const big *b)
{
    int64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        borrow += (int64_t)a->w[i] - b->w[i];
        a->w[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
}

/* num / den rounded half to even; neither is zero.  Infinity when too large. */
static double big_ratio(big num, big den)
{
    int exponent = big_bits(&num) - big_bits(&den), precision, above_half;
    uint64_t mantissa = 0;

    if (exponent > 0)
        big_shift_left(&den, exponent);
    else
        big_shift_left(&num, -exponent);
    if (big_compare(&num, &den) < 0) {
        big_shift_left(&num, 1);
        exponent--;
    }
    /* 1 <= num / den < 2, the value is that times 2^exponent */
    if (exponent > 1023)
        return dp_f64_from(0x7FF0000000000000u);
    precision = exponent >= -1022 ? 53 : 1075 + exponent;
    if (precision < 0)
        return 0.0;
    for (int i = 0; i < precision; i++) {
        mantissa <<= 1;
        if (big_compare(&num, &den) >= 0) {
            big_subtract(&num, &den);
            mantissa |= 1;
        }
        big_shift_left(&num, 1);
    }
    above_half = big_compare(&num, &den);
    if (above_half > 0 || (above_half == 0 && (mantissa & 1)))
        mantissa++;
    if (exponent >= -1022)
        mantissa += (uint64_t)(exponent + 1022) << 52; /* the leading one adds the last unit */
    return dp_f64_from(mantissa);
}

/* One decimal: *digits * 10^*exponent.  Returns the characters taken, 0 when there is no number. */
static size_t scan_decimal(const char *text, size_t length, big *digits, int *exponent, bool *zero)
{
    size_t i = 0, n_digits = 0;
    bool point = false;

    memset(digits, 0, sizeof *digits);
    *exponent = 0;
    *zero = true;
    for (; i < length && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !point)); i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        n_digits++;
        *zero = *zero && text[i] == '0';
        *exponent -= point;
        big_mul_add(digits, 10, (uint32_t)(text[i] - '0'));
    }
    if (n_digits == 0)
        return 0;
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        size_t j = i + 1;
        int sign = 1, e = 0;
        if (j < length && (text[j] == '-' || text[j] == '+'))
            sign = text[j++] == '-' ? -1 : 1;
        if (j == length || text[j] < '0' || text[j] > '9')
            return 0;
        for (; j < length && text[j] >= '0' && text[j] <= '9'; j++) {
            e = e * 10 + (text[j] - '0');
            if (e > MAX_EXP10)
                return 0;
        }
        *exponent += sign * e;
        i = j;
    }
    return i;
}

/* Whether a whole number is one of binary64, too. */
static bool is_exact(const big *b) { return big_bits(b) <= 53; }

static double to_double(const big *b) { return (double)((uint64_t)b->w[1] << 32 | b->w[0]); }

bool dp_parse_number(const char *text, size_t length, double *out)
{
    big num, den = {{1}};
    int exponent, den_exponent = 0;
    bool negative, zero, den_zero = false;
    size_t used;
    double value;

    if (length == 0 || length > MAX_TEXT)
        return false;
    negative = text[0] == '-';
    if (negative || text[0] == '+')
        text++, length--;
    used = scan_decimal(text, length, &num, &exponent, &zero);
    if (used == 0)
        return false;
    if (used < length && text[used] == '/') {
        const size_t from = used + 1;
        used = scan_decimal(text + from, length - from, &den, &den_exponent, &den_zero);
        used = used == 0 ? 0 : used + from;
    }
    if (used != length || den_zero)
        return false;
    for (exponent -= den_exponent; exponent > 0; exponent--)
        big_mul_add(&num, 10, 0);
    for (; exponent < 0; exponent++)
        big_mul_add(&den, 10, 0);
    if (zero)
        value = 0.0;
    else if (is_exact(&num) && is_exact(&den))
        value = to_double(&num) / to_double(&den); /* which rounds once */
    else
        value = big_ratio(num, den);
    if (value - value != 0.0)
        return false;
    *out = negative ? -value : value;
    return true;
}

bool dp_parse_int(const char *text, size_t length, int64_t *out)
{
    const bool negative = length > 0 && text[0] == '-';
    int64_t value = 0;
    size_t i = negative;

    if (i == length)
        return false;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_sub_overflow(value, (int64_t)(text[i] - '0'), &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

/* n significant digits of a positive value, rounded half to even; returns the decimal exponent. */
static int to_digits(double value, int n, char *digits)
{
    const uint64_t bits = dp_f64_bits(value), field = bits >> 52;
    const uint64_t mantissa = (bits & 0xFFFFFFFFFFFFFu) | (uint64_t)(field != 0) << 52;
    const int exponent = (field != 0 ? (int)field : 1) - 1075;
    big num = {{(uint32_t)mantissa, (uint32_t)(mantissa >> 32)}}, den = {{1}}, ten;
    int exp10 = 0, i, above_half;

    big_shift_left(exponent > 0 ? &num : &den, exponent > 0 ? exponent : -exponent);
    for (ten = den, big_mul_add(&ten, 10, 0); big_compare(&num, &ten) >= 0;
         big_mul_add(&ten, 10, 0), exp10++)
        den = ten;
    for (; big_compare(&num, &den) < 0; exp10--)
        big_mul_add(&num, 10, 0);
    for (i = 0; i < n; i++) {
        for (digits[i] = '0'; big_compare(&num, &den) >= 0; digits[i]++)
            big_subtract(&num, &den);
        big_mul_add(&num, 10, 0);
    }
    big_mul_add(&den, 5, 0); /* the rest is num / den / 2 of a unit */
    above_half = big_compare(&num, &den);
    if (above_half > 0 || (above_half == 0 && ((digits[n - 1] - '0') & 1))) {
        for (i = n - 1; i >= 0 && digits[i] == '9'; i--)
            digits[i] = '0';
        if (i >= 0)
            digits[i]++;
        else
            digits[0] = '1', exp10++;
    }
    return exp10;
}

static void lay_out(char out[DP_NUMBER_SIZE], bool negative, const char *digits, int n, int exp10)
{
    char *p = out;

    if (negative)
        *p++ = '-';
    if (exp10 < -5 || exp10 > 16) {
        *p++ = digits[0];
        if (n > 1) {
            *p++ = '.';
            memcpy(p, digits + 1, (size_t)n - 1);
            p += n - 1;
        }
        snprintf(p, 8, "e%d", exp10);
        return;
    }
    if (exp10 < 0)
        *p++ = '0', *p++ = '.';
    for (int i = exp10 + 1; i < 0; i++)
        *p++ = '0';
    for (int i = 0; i < n || i <= exp10; i++) {
        if (i == exp10 + 1 && exp10 >= 0)
            *p++ = '.';
        *p++ = i < n ? digits[i] : '0';
    }
    *p = '\0';
}

void dp_print_number(char out[DP_NUMBER_SIZE], double value)
{
    const bool negative = value < 0;
    char digits[17];

    if (value - value != 0.0 || value == 0.0) {
        snprintf(out, DP_NUMBER_SIZE, "%s",
                 value == 0.0     ? "0"
                 : value != value ? "nan"
                 : negative       ? "-inf"
                                  : "inf");
        return;
    }
    for (int n = 1; n <= 17; n++) {
        double back = 0.0;
        const int exp10 = to_digits(negative ? -value : value, n, digits);
        lay_out(out, negative, digits, n, exp10);
        if (dp_parse_number(out, strlen(out), &back) && back == value)
            return;
    }
}

/* ---- IEEE half precision ---- */

float dp_f16_to_f32(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u,
                   fraction = h & 0x3FFu;

    if (exponent == 31)
        return dp_f32_from(sign | 0x7F800000u | fraction << 13);
    if (exponent == 0) {
        const float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return dp_f32_from(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t dp_f32_to_f16(float x)
{
    const uint32_t u = dp_f32_bits(x), sign = u >> 16 & 0x8000u, magnitude = u & 0x7FFFFFFFu;
    uint32_t shift, mantissa, half;

    if (magnitude > 0x7F800000u)
        return (uint16_t)(sign | 0x7E00u);
    if (magnitude >= 0x477FF000u) /* 65520 and above */
        return (uint16_t)(sign | 0x7C00u);
    if (magnitude < 0x33000000u) /* below half of the least subnormal */
        return (uint16_t)sign;
    if (magnitude >= 0x38800000u) {
        half = (magnitude - 0x38000000u) >> 13;
        mantissa = magnitude & 0x1FFFu;
        return (uint16_t)(sign |
                          (half + (mantissa > 0x1000u || (mantissa == 0x1000u && (half & 1)))));
    }
    shift = 126 - (magnitude >> 23);
    mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    half = mantissa >> shift;
    mantissa &= (1u << shift) - 1;
    half += mantissa > 1u << (shift - 1) || (mantissa == 1u << (shift - 1) && (half & 1));
    return (uint16_t)(sign | half);
}

/* ---- elementary functions, docs/numerics.md: this order of operations is the definition ----
 */

double dp_exp_d(double x)
{
    if (x != x)
        return x;
    if (x > 0x1.62e42ep6)
        return dp_f64_from(0x7FF0000000000000u);
    return x < -0x1.9fe368p6 ? 0.0 : dp_exp_core(x);
}

double dp_sigmoid_d(double x) { return dp_sigmoid_core(x); }

double dp_tanh_d(double x) { return dp_tanh_core(x); }

double dp_log_d(double x)
{
    static const double c[] = {
        1.0 / 23.0, 1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0,
        1.0 / 11.0, 1.0 / 9.0,  1.0 / 7.0,  1.0 / 5.0,  1.0 / 3.0,
    };
    const uint64_t bits = dp_f64_bits(x), sqrt_half = 0x3FE6A09E667F3BCDu;
    const int64_t e = (int64_t)(bits - sqrt_half) >> 52;
    const double f = dp_f64_from(bits - ((uint64_t)e << 52)) - 1.0;
    const double s = f / (2.0 + f), z = s * s, t = 2.0 * s;
    double p = c[0];

    for (int i = 1; i < 11; i++)
        p = p * z + c[i];
    return (double)e * 0x1.62e42fefa39efp-1 + (t + t * (z * p));
}

/* Of |r| <= pi/4: Taylor's series, Horner. */
static double sin_near(double r)
{
    static const double c[] = {
        /* 1/17! ... 1/3!, with their signs */
        1.0 / 355687428096000.0, -1.0 / 1307674368000.0, 1.0 / 6227020800.0, -1.0 / 39916800.0,
        1.0 / 362880.0,          -1.0 / 5040.0,          1.0 / 120.0,        -1.0 / 6.0,
    };
    const double z = r * r;
    double p = c[0];

    for (int i = 1; i < 8; i++)
        p = p * z + c[i];
    return r + r * (z * p);
}

static double cos_near(double r)
{
    static const double c[] = {
        /* 1/18! ... 1/2!, with their signs */
        -1.0 / 6402373705728000.0,
        1.0 / 20922789888000.0,
        -1.0 / 87178291200.0,
        1.0 / 479001600.0,
        -1.0 / 3628800.0,
        1.0 / 40320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -1.0 / 2.0,
    };
    const double z = r * r;
    double p = c[0];

    for (int i = 1; i < 9; i++)
        p = p * z + c[i];
    return 1.0 + z * p;
}

/* sin(x + turn * pi/2).  The first part of pi/2 has 33 bits: its product is exact. */
static double sine_of(double x, int64_t turn)
{
    const double k = (x * 0x1.45f306dc9c883p-1 + 0x1.8p52) - 0x1.8p52;
    const double r = (x - k * 0x1.921fb544p0) - k * 0x1.0b4611a626331p-34;
    const int64_t quarter = (int64_t)k + turn;
    const double size = quarter & 1 ? cos_near(r) : sin_near(r);

    return quarter & 2 ? -size : size;
}

double dp_sin_d(double x) { return sine_of(x, 0); }

double dp_cos_d(double x) { return sine_of(x, 1); }
