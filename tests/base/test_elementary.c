/* test_elementary.c - exp, log, sigmoid and tanh against the C library's long double
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * And the fast forms of sigmoid and tanh against those in binary64.
 * Every 1009th float, or with the argument `exhaustive` all of them (minutes).  Inputs whose true
 * value lies so near the middle of two floats that long double cannot tell are counted apart.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/number/elementary.h"
#include "base/number/num.h"
#include "base/options.h"
#include "base/workers.h"
#include "tests/support/test.h"

#define SAMPLE 1009
#define BLOCKS 4096

static uint64_t stride = SAMPLE;

typedef struct function {
    const char *name;
    double (*own)(double);
    long double (*reference)(long double);
    uint64_t misrounded; /* of all floats, at most; 0 = correctly rounded */
    bool positive;       /* for positive floats only */
} function;

static long double sigmoid(long double x) { return 1.0L / (1.0L + expl(-x)); }

/* From the specification's own count: exp and tanh none, log three, sigmoid 52 and 28 undecided. */
static const function functions[] = {
    {"exp", dp_exp_d, expl, 0, false},
    {"log", dp_log_d, logl, 3, true},
    {"sigmoid", dp_sigmoid_d, sigmoid, 80, false},
    {"tanh", dp_tanh_d, tanhl, 0, false},
};

typedef struct survey {
    const function *f;
    _Atomic uint64_t n, misrounded, undecided, wrong;
} survey;

static void look_at(survey *s, float x)
{
    const long double truth = s->f->reference((long double)x),
                      slack = isinf(truth) ? 0 : fabsl(truth) * 0x1p-61L;
    const float own = (float)s->f->own((double)x), low = (float)(truth - slack),
                high = (float)(truth + slack);

    s->n++;
    if (memcmp(&low, &high, sizeof low) != 0)
        s->undecided++;
    else if (memcmp(&own, &low, sizeof own) != 0)
        s->misrounded++;
    if (own != low && own != high && nextafterf(own, low) != low)
        s->wrong++;
}

static void survey_block(void *ctx, uint64_t block)
{
    survey *s = ctx;
    const uint64_t size = (1ull << 32) / BLOCKS, first = block * size;

    for (uint64_t u = (first + stride - 1) / stride * stride; u < first + size; u += stride) {
        const float x = dp_f32_from((uint32_t)u);
        if (x == x && (!s->f->positive || (x > 0 && x < INFINITY)))
            look_at(s, x);
    }
}

/* Each block on the thread that is free. */
static void on_all_blocks(void (*look)(void *, uint64_t), void *ctx)
{
    dp_options options;
    dp_arena arena = {0};
    dp_workers *workers;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    assert_ok(dp_workers_open(&workers, options.threads, &arena, &test_error));
    dp_workers_run(workers, BLOCKS, look, ctx);
    dp_workers_close(workers);
    dp_arena_free(&arena);
}

static void nearly_all_are_correctly_rounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        survey s = {.f = &functions[i]};
        on_all_blocks(survey_block, &s);
        print_message("%s: %llu floats, %llu misrounded, %llu undecided\n", s.f->name,
                      (unsigned long long)s.n, (unsigned long long)s.misrounded,
                      (unsigned long long)s.undecided);
        assert_true(s.n > (1ull << 30) / stride);
        assert_int_equal(s.wrong, 0); /* never more than one unit in the last place */
        assert_true(s.misrounded <= s.f->misrounded);
    }
}

/* ---- activation=fast ---- */

typedef struct fast_function {
    const char *name;
    float (*own)(float);
    double (*reference)(double);
    double most; /* error of any float, in units in the last place: docs/numerics.md */
} fast_function;

static float fast_sigmoid(float x) { return dp_fast_sigmoid_core(x); }
static float fast_tanh(float x) { return dp_fast_tanh_core(x); }

static const fast_function fast_functions[] = {
    {"fast sigmoid", fast_sigmoid, dp_sigmoid_d, 2.41},
    {"fast tanh", fast_tanh, dp_tanh_d, 1.97},
};

/* The largest error of a block each. */
typedef struct errors {
    const fast_function *f;
    double most[BLOCKS];
} errors;

/* The distance of the floats around a number, the subnormal ones' at least. */
static double unit_at(double x)
{
    int exponent;

    frexp(fabs(x) < 0x1p-126 ? 0x1p-126 : x, &exponent);
    return ldexp(1.0, exponent - 24);
}

static void largest_of_block(void *ctx, uint64_t block)
{
    errors *e = ctx;
    const uint64_t size = (1ull << 32) / BLOCKS, first = block * size;
    double most = 0;

    for (uint64_t u = (first + stride - 1) / stride * stride; u < first + size; u += stride) {
        const float x = dp_f32_from((uint32_t)u);
        const double truth = e->f->reference((double)x),
                     error = fabs((double)e->f->own(x) - truth) / unit_at(truth);
        most = x == x && !(error <= most) ? error : most; /* a NaN stays */
    }
    e->most[block] = most;
}

static void fast_ones_stay_within_their_bounds(void **state)
{
    static errors e;

    (void)state;
    for (size_t i = 0; i < sizeof fast_functions / sizeof fast_functions[0]; i++) {
        double most = 0;
        e.f = &fast_functions[i];
        on_all_blocks(largest_of_block, &e);
        for (size_t b = 0; b < BLOCKS; b++)
            most = e.most[b] <= most ? most : e.most[b];
        print_message("%s: at most %.4f units in the last place\n", e.f->name, most);
        assert_true(most <= e.f->most);
        assert_true(most > e.f->most - (stride == 1 ? 0.01 : 0.4)); /* the bound is not a guess */
    }
}

static void corners_of_the_fast_ones(void **state)
{
    (void)state;
    assert_true(fast_sigmoid(0) == 0.5f && fast_sigmoid(INFINITY) == 1 && fast_sigmoid(89) == 1);
    assert_true(dp_f32_bits(fast_sigmoid(-INFINITY)) == 0 && fast_sigmoid(-103) == 0x1p-149f);
    assert_true(fast_tanh(INFINITY) == 1 && fast_tanh(-INFINITY) == -1 && fast_tanh(9.1f) == 1);
    assert_true(dp_f32_bits(fast_tanh(-0.0f)) == 1u << 31 && dp_f32_bits(fast_tanh(0.0f)) == 0);
    assert_true(isnan(fast_sigmoid(NAN)) && isnan(fast_tanh(NAN)));
    for (float x = 0x1p-149f; x < 0x1p-20f; x *= 3) /* so small a number is its own tanh */
        assert_true(fast_tanh(x) == x && fast_tanh(-x) == -x);
}

static void corners(void **state)
{
    (void)state;
    assert_true(dp_sigmoid_d(0) == 0.5 && dp_sigmoid_d(1e30) == 1 && dp_sigmoid_d(-1e30) == 0);
    assert_true(dp_tanh_d(1e30) == 1 && dp_tanh_d(-1e30) == -1);
    assert_true(dp_f64_bits(dp_tanh_d(-0.0)) == 1ull << 63 && dp_f64_bits(dp_tanh_d(0.0)) == 0);
    assert_true(isnan(dp_sigmoid_d((double)NAN)) && isnan(dp_tanh_d((double)NAN)));
    for (double x = 0x1p-8; x < 30; x *= 1.01) /* odd, and no step where the series ends */
        assert_true(dp_tanh_d(-x) == -dp_tanh_d(x) &&
                    (float)dp_tanh_d(x * 1.01) >= (float)dp_tanh_d(x));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearly_all_are_correctly_rounded),
        cmocka_unit_test(corners),
        cmocka_unit_test(fast_ones_stay_within_their_bounds),
        cmocka_unit_test(corners_of_the_fast_ones),
    };

    stride = argc > 1 && strcmp(argv[1], "exhaustive") == 0 ? 1 : SAMPLE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
