/* test_accuracy.c - what minimal filtering loses, beside the direct order
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * All three passes of a convolution against binary64, in ulps of the largest output.
 * docs/numerics.md has the errors on real data.
 */
#include <math.h>

#include "base/number/num.h"
#include "base/options.h"
#include "base/random/rng.h"
#include "tests/support/conv.h"
#include "tests/support/test.h"

enum { N = 2, IC = 48, OC = 32, SIDE = 15, LEAF = 1, PASSES = 3 };

static const char *const passes[PASSES] = {"forward", "input gradient", "weight gradient"};

/* What a convolution has and makes: y, dx, dw. */
typedef struct arrays {
    float *x, *w, *dy, *made[PASSES];
    double *exact[PASSES];
    int64_t count[PASSES];
} arrays;

typedef struct loss {
    double median, most; /* ulps of the largest */
} loss;

/* As relu leaves them when positive. */
static float *numbers(dp_arena *arena, dp_rng *rng, int64_t n, bool positive)
{
    float *v = dp_arena_alloc(arena, (size_t)n, sizeof *v);

    assert_non_null(v);
    for (int64_t i = 0; i < n; i++) {
        const double u = 2 * dp_rng_uniform(rng) - 1;
        v[i] = positive && u < 0 ? 0.0f : (float)(u * u * u);
    }
    return v;
}

/* All three at once: each product of a place, an output and a tap stands in one of each. */
static void exactly(const dp_conv *c, const arrays *a)
{
    for (int64_t i = 0; i < N * SIDE * SIDE * OC * c->kh * c->kw; i++) {
        const int64_t tap = i % (c->kh * c->kw), out = i / (c->kh * c->kw), o = out % OC,
                      w = out / OC % SIDE, h = out / OC / SIDE % SIDE, n = out / OC / SIDE / SIDE;
        const int64_t y = h + tap / c->kw - c->top, x = w + tap % c->kw - c->left;
        if (y < 0 || y >= SIDE || x < 0 || x >= SIDE)
            continue;
        for (int64_t k = 0; k < IC; k++) {
            const int64_t in = ((n * SIDE + y) * SIDE + x) * IC + k,
                          weight = (o * IC + k) * c->kh * c->kw + tap;
            a->exact[0][out] += (double)a->x[in] * (double)a->w[weight];
            a->exact[1][in] += (double)a->dy[out] * (double)a->w[weight];
            a->exact[2][weight] += (double)a->x[in] * (double)a->dy[out];
        }
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static loss loss_of(dp_arena *arena, const arrays *a, int pass)
{
    const int64_t n = a->count[pass];
    double *error = dp_arena_alloc(arena, (size_t)n, sizeof *error), largest = 0;

    assert_non_null(error);
    for (int64_t i = 0; i < n; i++) {
        error[i] = fabs((double)a->made[pass][i] - a->exact[pass][i]);
        largest = fmax(largest, fabs(a->exact[pass][i]));
    }
    qsort(error, (size_t)n, sizeof *error, ascending);
    const double ulp = ldexp(1, ilogb(largest) - 23);
    return (loss){error[n / 2] / ulp, error[n - 1] / ulp};
}

static void compute(dp_arena *arena, const dp_conv *c, const arrays *a, loss out[PASSES])
{
    const dp_kernels *kernels = dp_kernels_of(dp_cpu_best());
    dp_workers *workers;

    assert_ok(dp_workers_open(&workers, 1, arena, &test_error));
    const dp_math_run run = {
        kernels, workers, N, LEAF,
        dp_arena_alloc(arena, dp_conv_workspace(c, kernels, N, 1), sizeof(float))};
    assert_non_null(run.workspace);
    dp_conv_forward(c, &run, a->x, a->w, NULL, a->made[0], NULL);
    dp_conv_input_gradient(c, &run, a->dy, a->w, a->made[1], NULL);
    dp_conv_weight_gradient(c, &run, a->x, a->dy, a->made[2]);
    dp_workers_close(workers);
    for (int pass = 0; pass < PASSES; pass++)
        out[pass] = loss_of(arena, a, pass);
}

/* The error of a pass by tiles is at most `factor` times that of the direct order. */
static void check(int64_t kernel, int64_t tile, const double factor[PASSES])
{
    dp_options options;
    dp_arena arena = {0};
    dp_conv c = test_conv(IC, OC, SIDE, SIDE, kernel);
    arrays a = {.count = {N * SIDE * SIDE * OC, N * SIDE * SIDE * IC, OC * IC * kernel * kernel}};
    loss direct[PASSES], tiles[PASSES];
    dp_rng rng;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    dp_rng_start(&rng, 5, 0, (uint64_t)kernel);
    a.x = numbers(&arena, &rng, a.count[1], true);
    a.w = numbers(&arena, &rng, a.count[2], false);
    a.dy = numbers(&arena, &rng, a.count[0], false);
    for (int pass = 0; pass < PASSES; pass++) {
        a.made[pass] = numbers(&arena, &rng, a.count[pass], false);
        a.exact[pass] = dp_arena_alloc(&arena, (size_t)a.count[pass], sizeof(double));
        memset(a.exact[pass], 0, (size_t)a.count[pass] * sizeof(double));
    }
    exactly(&c, &a);
    compute(&arena, &c, &a, direct);
    c.tile = tile;
    compute(&arena, &c, &a, tiles);
    for (int pass = 0; pass < PASSES; pass++) {
        print_message("%dx%d, tiles of %d, %s: median %.2f ulp (direct %.2f), most %.2f (%.2f)\n",
                      (int)kernel, (int)kernel, (int)tile, passes[pass], tiles[pass].median,
                      direct[pass].median, tiles[pass].most, direct[pass].most);
        assert_true(tiles[pass].median > 0 && direct[pass].most < 64);
        assert_true(tiles[pass].median <= factor[pass] * direct[pass].median);
        assert_true(tiles[pass].most <= factor[pass] * direct[pass].most);
    }
    dp_arena_free(&arena);
}

static void three_by_three(void **state)
{
    (void)state;
    check(3, 2, (const double[]){1, 1, 1.6});
    check(3, 4, (const double[]){3, 3, 3});
}

/* Where the direct chains are short, those of fewer products gain nothing by being shorter; the
 * input's gradient is made of 49 products, the others of 36. */
static void five_by_five(void **state)
{
    (void)state;
    check(5, 2, (const double[]){2.5, 1, 6});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_by_three),
        cmocka_unit_test(five_by_five),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
