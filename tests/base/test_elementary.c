/* test_elementary.c - exp, log, sigmoid and tanh against the C library's long double
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every 1009th float, or with the argument `exhaustive` all of them (minutes).  Inputs whose true
 * value lies so near the middle of two floats that long double cannot tell are counted apart.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/options.h"
#include "base/number/num.h"
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

static void nearly_all_are_correctly_rounded(void **state)
{
    dp_options options;
    dp_arena arena = {0};
    dp_workers *workers;

    (void)state;
    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    assert_ok(dp_workers_open(&workers, options.threads, &arena, &test_error));
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        survey s = {.f = &functions[i]};
        dp_workers_run(workers, BLOCKS, survey_block, &s);
        print_message("%s: %llu floats, %llu misrounded, %llu undecided\n", s.f->name,
                      (unsigned long long)s.n, (unsigned long long)s.misrounded,
                      (unsigned long long)s.undecided);
        assert_true(s.n > (1ull << 30) / stride);
        assert_int_equal(s.wrong, 0); /* never more than one unit in the last place */
        assert_true(s.misrounded <= s.f->misrounded);
    }
    dp_workers_close(workers);
    dp_arena_free(&arena);
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
    };

    stride = argc > 1 && strcmp(argv[1], "exhaustive") == 0 ? 1 : SAMPLE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
