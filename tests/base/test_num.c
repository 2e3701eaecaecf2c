/* test_num.c - numbers as text, fma, half precision, exp and log
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "base/random/rng.h"
#include "tests/support/test.h"

static double parse(const char *text)
{
    double v = -12345;
    assert_true(dp_parse_number(text, strlen(text), &v));
    return v;
}

static void known_numbers(void **state)
{
    (void)state;
    assert_true(parse("1/255") == 1.0 / 255.0);
    assert_true(parse("0e-70") == 0.0 && parse("0/1e70") == 0.0); /* a ratio's parts past 64 bits */
    assert_true(parse("-0.25") == -0.25);
    assert_true(parse("+7e-3") == 7e-3);
    assert_true(parse("2.2250738585072011e-308") ==
                2.2250738585072011e-308); /* the bug that hung PHP and Java */
    assert_true(parse("4.9406564584124654e-324") == 4.9406564584124654e-324);
    assert_true(parse("2.4703282292062327e-324") == 0.0);
    assert_true(parse("1.7976931348623157e308") == 1.7976931348623157e308);
    assert_true(parse("9007199254740993") == 9007199254740992.0); /* a tie, to even */
    assert_true(parse("0.1/0.3") == 1.0 / 3.0);
    assert_true(parse(".5") == 0.5 && parse("5.") == 5.0 && parse("0/5") == 0.0);
}

static void refused_numbers(void **state)
{
    static const char *const texts[] = {
        "",    "-",   ".",   "1e", "1e+", "e5",    "1/0",     "1/",  "/2",   "1/2/3",        "0x10",
        "inf", "nan", "1,5", " 1", "1 ",  "1e401", "1.8e308", "--1", "1..2", "1e99999999999"};
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (dp_parse_number(texts[i], strlen(texts[i]), &v))
            fail_msg("'%s' was taken as %g", texts[i], v);
    }
}

/* Against the C library in the C locale, and back through the printer. */
static void random_numbers(void **state)
{
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, test_seed(), 0, 0);
    for (int i = 0; i < 3000; i++) {
        const double value = dp_f64_from((uint64_t)dp_rng_u32(&rng) << 32 | dp_rng_u32(&rng));
        char text[64], printed[DP_NUMBER_SIZE];
        if (value - value != 0)
            continue;
        snprintf(text, sizeof text, "%.*e", (int)dp_rng_below(&rng, 25), value);
        if (isfinite(strtod(text, NULL)))
            assert_true(parse(text) == strtod(text, NULL));
        dp_print_number(printed, value);
        assert_true(parse(printed) == value);
    }
}

static void printed_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.1, "0.1"},
        {1.0 / 255, "0.00392156862745098"},
        {0, "0"},
        {-2.5, "-2.5"},
        {1e22, "1e22"},
        {5e-324, "5e-324"},
        {123456789, "123456789"},
        {0.00001, "0.00001"},
        {1e-6, "1e-6"},
        {9.5, "9.5"},
        {0.30000000000000004, "0.30000000000000004"},
    };
    char text[DP_NUMBER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dp_print_number(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

/* The emulation of machines without the instruction (or the instruction) against the C library's.
 */
static void fused(void **state)
{
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, test_seed(), 0, 0);
    for (int i = 0; i < 2000000; i++) {
        float v[3];
        for (int j = 0; j < 3;
             j++) { /* exponents near each other, and near the subnormals every other time */
            const uint32_t e = (i % 2 ? 64 : 1) + dp_rng_below(&rng, i % 2 ? 64 : 128);
            v[j] = dp_f32_from((dp_rng_u32(&rng) & 0x807FFFFFu & (i % 3 ? ~0u : 0xFFF80000u)) |
                               e << 23);
        }
        const float a = dp_fma32(v[0], v[1], v[2]), b = fmaf(v[0], v[1], v[2]);
        if (dp_f32_bits(a) != dp_f32_bits(b))
            fail_msg("fma(%a, %a, %a) = %a, not %a", (double)v[0], (double)v[1], (double)v[2],
                     (double)a, (double)b);
    }
    assert_true(dp_f32_bits(dp_fma32(-1.0f, 0.0f, 0.0f)) == 0);
    assert_true(dp_f32_bits(dp_fma32(-0.0f, 1.0f, -0.0f)) == 0x80000000u);
    assert_true(dp_fma32(INFINITY, 1.0f, 1.0f) == INFINITY);
    assert_true(dp_fma32(0x1p127f, 2.0f, -0x1p127f) == 0x1p127f);
}

/* The same of doubles and a float, the product near the sum's other part or far from it. */
static void fused_doubles(void **state)
{
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, test_seed(), 0, 0);
    for (int i = 0; i < 300000; i++) {
        const float b = (float)dp_rng_uniform(&rng);
        const uint64_t word = (uint64_t)dp_rng_u32(&rng) << 32 | dp_rng_u32(&rng);
        const uint64_t bits = word & (i % 3 ? ~(uint64_t)0 : 0x800FFFFFF8000000u);
        const double a = dp_f64_from((bits & 0x800FFFFFFFFFFFFFu) | 1023ull << 52);
        const double size = ldexp(1, (int)dp_rng_below(&rng, 120) - 60);
        const double c = i % 2 ? -(a * (double)b) : (dp_rng_uniform(&rng) - 0.5) * size;
        if (dp_f64_bits(dp_fma64(a, b, c)) != dp_f64_bits(fma(a, (double)b, c)))
            fail_msg("fma(%a, %a, %a) = %a, not %a", a, (double)b, c, dp_fma64(a, b, c),
                     fma(a, (double)b, c));
    }
    assert_true(dp_f64_bits(dp_fma64(-0.0, 1.0f, -0.0)) == dp_f64_bits(-0.0));
    assert_true(dp_f64_bits(dp_fma64(-1.0, 1.0f, 1.0)) == 0);
    assert_true(dp_fma64((double)INFINITY, 1.0f, 1.0) == (double)INFINITY);
}

/* The sum in double lies on the middle of two floats although the true one does not: rounding
 * twice goes wrong here and almost nowhere else. */
static void fused_rounds_once(void **state)
{
    (void)state;
    for (int e = -100; e < 100; e++) {
        for (uint32_t odd = 0; odd < 64; odd++) {
            const float scale = ldexpf(1.0f, e), c = scale * (1.0f + (float)odd * 0x1p-23f);
            const float a = scale * 0x1p-24f * (1.0f + 0x1p-23f), b = 1.0f - 0x1p-23f;
            assert_true(dp_fma32(a, b, c) == c); /* just below the middle above c */
            assert_true(dp_fma32(-a, b, -c) == -c);
            if (odd > 0) { /* just above the middle below c */
                assert_true(dp_fma32(-a, b, c) == c);
                assert_true(dp_fma32(a, b, -c) == -c);
            }
        }
    }
}

static void halves(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        const float f = dp_f16_to_f32((uint16_t)h);
        if (f == f)
            assert_int_equal(dp_f32_to_f16(f), h);
    }
    assert_int_equal(dp_f32_to_f16(65519.996f), 0x7BFF);
    assert_int_equal(dp_f32_to_f16(65520.0f), 0x7C00);
    assert_int_equal(dp_f32_to_f16(0x1.004p0f), 0x3C01); /* above a tie */
    assert_int_equal(dp_f32_to_f16(0x1.002p0f), 0x3C00); /* a tie, to even */
    assert_int_equal(dp_f32_to_f16(0x1.006p0f), 0x3C02);
    assert_int_equal(dp_f32_to_f16(0x1p-25f), 0);
    assert_int_equal(dp_f32_to_f16(0x1.002p-25f), 1);
}

/* docs/numerics.md: exp is correctly rounded for every float, log for all but three. */
static void elementary(void **state)
{
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, test_seed(), 0, 0);
    for (int i = 0; i < 200000; i++) {
        const float x = (float)(dp_rng_uniform(&rng) * 193 - 104);
        const float y = dp_f32_from(0x00800000u + dp_rng_below(&rng, 0x7F000000u));
        assert_true((float)dp_exp_d((double)x) == (float)expl((long double)x));
        assert_true((float)dp_log_d((double)y) == (float)logl((long double)y));
    }
    assert_true(dp_exp_d(-200) == 0 && isinf(dp_exp_d(90)) && isnan(dp_exp_d((double)NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers),
        cmocka_unit_test(refused_numbers),
        cmocka_unit_test(random_numbers),
        cmocka_unit_test(printed_numbers),
        cmocka_unit_test(fused),
        cmocka_unit_test(fused_doubles),
        cmocka_unit_test(fused_rounds_once),
        cmocka_unit_test(halves),
        cmocka_unit_test(elementary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
