/* test_statistics.c - native draws are uniform and independent; MindSpore's are not
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Chi-square over 10^7 rows: for f degrees of freedom the statistic has mean f and variance 2 f, so
 * f + 6 sqrt(2 f) is passed by chance less than once in 10^6.  The seeds are fixed: what passes
 * once passes always.
 */
#include <math.h>

#include "base/options.h"
#include "lang/text.h"
#include "tests/support/test.h"
#include "transforms/rows.h"
#include "transforms/shared/transform.h"

#define EPOCHS 100
#define ROWS   100000 /* of an epoch: 10^7 in all */
#define PLACES 9
#define MOST   128

typedef struct planned {
    const dp_transform *transform;
    void *params;
} planned;

static dp_arena arena;

static planned plan(const dp_transform *t, const char *spec)
{
    dp_column in = {"image", {NULL, DP_U8, 3, {32, 32, 3}}, 256}, out = in;
    planned p = {t, NULL};
    dp_text text;

    p.params = dp_arena_alloc(&arena, 1, t->info.size);
    assert_ok(dp_text_parse(spec, strlen(spec), &arena, &text, &test_error));
    assert_ok(dp_params_bind(&t->info, &text.stages[0], NULL, &arena, p.params, &test_error));
    if (t->plan != NULL)
        assert_ok(t->plan(p.params, &in, &out, &arena, &test_error));
    return p;
}

static int set_up(void **state)
{
    dp_options options;

    (void)state;
    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dp_arena_free(&arena);
    return 0;
}

static void draw(const planned *p, uint64_t seed, uint32_t use, uint64_t epoch, uint64_t row,
                 double *out)
{
    dp_place place = {.key = dp_rng_key(seed, p->transform->info.name, use)};

    dp_rng_start(&place.rng, place.key, epoch, row);
    p->transform->draw(p->params, &place, out);
}

/* Counts of pairs of cells a, b. */
typedef struct table {
    const char *name;
    int a, b;
    uint64_t count[MOST], n;
} table;

static void note(table *t, int a, int b)
{
    t->count[a * t->b + b]++;
    t->n++;
}

static double chi_square(const table *t)
{
    const double expected = (double)t->n / (t->a * t->b);
    double sum = 0;

    for (int i = 0; i < t->a * t->b; i++)
        sum += ((double)t->count[i] - expected) * ((double)t->count[i] - expected) / expected;
    return sum;
}

static void must_be_even(const table *t)
{
    const double f = t->a * t->b - 1, bound = f + 6 * sqrt(2 * f), chi = chi_square(t);

    assert_true(t->n >= (uint64_t)EPOCHS * (ROWS - 1));
    if (chi > bound)
        fail_msg("%s: chi-square %.1f over %.0f degrees of freedom, bound %.1f", t->name, chi, f,
                 bound);
}

static void native(void **state)
{
    enum { PLACE, FLIP_LEFT, FLIP_TOP, FLIPS, NEXT_ROW, NEXT_EPOCH, NEXT_SEED, NEXT_USE, N };
    static table t[N] = {
        {"left and top", PLACES, PLACES, {0}, 0},
        {"flip and left", 2, PLACES, {0}, 0},
        {"flip and top", 2, PLACES, {0}, 0},
        {"both flips", 2, 2, {0}, 0},
        {"left of neighbours", PLACES, PLACES, {0}, 0},
        {"left of epochs", PLACES, PLACES, {0}, 0},
        {"left of seeds", PLACES, PLACES, {0}, 0},
        {"left of two crops", PLACES, PLACES, {0}, 0},
    };
    const planned crop = plan(&dp_transform_random_crop, "random_crop size=32 padding=4");
    const planned flip = plan(&dp_transform_random_horizontal_flip, "random_horizontal_flip");
    const planned down = plan(&dp_transform_random_vertical_flip, "random_vertical_flip");

    (void)state;
    for (uint64_t e = 0; e < EPOCHS; e++) {
        double before[2] = {-1, 0};
        for (uint64_t row = 0; row < ROWS; row++) {
            double at[2], other[2], f, g;
            draw(&crop, 1, 0, e, row, at);
            draw(&flip, 1, 0, e, row, &f);
            draw(&down, 1, 0, e, row, &g);
            note(&t[PLACE], (int)at[0], (int)at[1]);
            note(&t[FLIP_LEFT], (int)f, (int)at[0]);
            note(&t[FLIP_TOP], (int)f, (int)at[1]);
            note(&t[FLIPS], (int)f, (int)g);
            if (before[0] >= 0)
                note(&t[NEXT_ROW], (int)before[0], (int)at[0]);
            memcpy(before, at, sizeof before);
            draw(&crop, 1, 0, e + 1, row, other);
            note(&t[NEXT_EPOCH], (int)at[0], (int)other[0]);
            draw(&crop, 2, 0, e, row, other);
            note(&t[NEXT_SEED], (int)at[0], (int)other[0]);
            draw(&crop, 1, 1, e, row, other);
            note(&t[NEXT_USE], (int)at[0], (int)other[0]);
        }
    }
    for (int i = 0; i < N; i++)
        must_be_even(&t[i]);
}

/* The defect that order=mindspore replays: crop and flip use the same words. */
static void replayed(void **state)
{
    static table t = {"flip and top", 2, PLACES, {0}, 0};
    const planned crop = plan(&dp_transform_random_crop, "random_crop size=32 padding=4");
    const planned flip = plan(&dp_transform_random_horizontal_flip, "random_horizontal_flip");
    dp_mt19937 of_crop, of_flip;

    (void)state;
    dp_mt19937_seed(&of_crop, 1);
    dp_mt19937_seed(&of_flip, 1);
    for (int row = 0; row < 10000; row++) {
        double at[2], f;
        crop.transform->replay(crop.params, &of_crop, at);
        flip.transform->replay(flip.params, &of_flip, &f);
        note(&t, (int)f, (int)at[1]);
    }
    for (int top = 0; top < PLACES; top++) { /* flipped always up to 3, never from 5 on */
        assert_true(top > 3 || t.count[top] == 0);
        assert_true(top < 5 || t.count[PLACES + top] == 0);
    }
    assert_true(chi_square(&t) > 1000);
}

/* The rest of the amounts stay in their ranges and reach both ends of them. */
static void ranges(void **state)
{
    static const struct {
        const dp_transform *transform;
        const char *spec;
        double least, most;
    } cases[] = {
        {&dp_transform_random_rotation, "random_rotation degrees=30", -30, 30},
        {&dp_transform_random_posterize, "random_posterize bits=2,6", 2, 6},
        {&dp_transform_random_sharpness, "random_sharpness degrees=0.5,1.5", 0.5, 1.5},
        {&dp_transform_cutout, "cutout length=5", -5, 31},
        {&dp_transform_random_choice, "random_choice transforms=invert", 0, 0},
        {&dp_transform_random_affine, "random_affine degrees=10,20", 10, 20},
        {&dp_transform_rand_augment, "rand_augment", -14, 14},
        {&dp_transform_trivial_augment_wide, "trivial_augment_wide", -14, 14},
        {&dp_transform_random_color_adjust, "random_color_adjust brightness=0.25", 0.75, 1.25},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        planned p = plan(cases[i].transform, cases[i].spec);
        const double width = cases[i].most - cases[i].least;
        double low = INFINITY, high = -INFINITY;
        if (p.transform->holds != DP_HOLDS_NONE)
            ((dp_holder *)p.params)->n = 1;
        for (uint64_t row = 0; row < 20000; row++) {
            double v[32];
            draw(&p, 7, 0, 0, row, v);
            low = v[0] < low ? v[0] : low;
            high = v[0] > high ? v[0] : high;
        }
        if (low < cases[i].least || high > cases[i].most || low > cases[i].least + 0.01 * width ||
            high < cases[i].most - 0.01 * width)
            fail_msg("%s: %g to %g", cases[i].spec, low, high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(native), cmocka_unit_test(replayed),
                                       cmocka_unit_test(ranges)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
