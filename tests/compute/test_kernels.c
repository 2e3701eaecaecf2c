/* test_kernels.c - every instruction set against the scalar reference
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/alloc.h"
#include "base/options.h"
#include "base/number/num.h"
#include "compute/math/dense.h"
#include "compute/reference/reference.h"
#include "compute/reference/selftest.h"
#include "compute/sums/tree.h"
#include "tests/support/conv.h"
#include "tests/support/test.h"

static const dp_kernels *level(int i)
{
    return dp_cpu_has((dp_cpu_level)i) ? dp_kernels_of((dp_cpu_level)i) : NULL;
}

static void random_shapes(void **state)
{
    const uint64_t seed = test_seed();
    dp_options options;

    (void)state;
    assert_ok(dp_options_get(NULL, &options, &test_error));
    for (int i = 0; i <= (int)dp_cpu_best(); i++) {
        if (level(i) == NULL)
            continue;
        print_message("%s\n", level(i)->name);
        assert_ok(dp_selftest_kernels(level(i), 1, seed, 150, options.alloc, &test_error));
        assert_ok(dp_selftest_kernels(level(i), 3, seed + 1, 150, options.alloc, &test_error));
    }
}

#define FLOATS 4096
#define STEP   49999 /* of all floats */

static uint32_t bits_of(float x) { return x != x ? 0x7FC00000u : dp_f32_bits(x); }

static void check_function(const char *name, uint32_t first, const float *y,
                           float (*reference)(float))
{
    for (uint32_t i = 0; i < FLOATS; i++) {
        const uint32_t u = first + i * STEP;
        if (bits_of(y[i]) != bits_of(reference(dp_f32_from(u))))
            fail_msg("%s of the float with bits %08x", name, u);
    }
}

/* Floats of all sizes: subnormals, infinities and NaN among them. */
static void fast_functions(void **state)
{
    static float x[FLOATS], y[FLOATS];

    (void)state;
    for (int l = 0; l <= (int)dp_cpu_best(); l++) {
        for (uint64_t u = 0; level(l) != NULL && u < 1ull << 32; u += FLOATS * STEP) {
            for (uint32_t i = 0; i < FLOATS; i++)
                x[i] = dp_f32_from((uint32_t)u + i * STEP);
            level(l)->sigmoid[DP_FAST](FLOATS, x, y);
            check_function("sigmoid", (uint32_t)u, y, dp_ref_fast_sigmoid);
            level(l)->tanh[DP_FAST](FLOATS, x, y);
            check_function("tanh", (uint32_t)u, y, dp_ref_fast_tanh);
        }
    }
}

static float *numbers(dp_arena *arena, int64_t n)
{
    float *v = dp_arena_alloc(arena, (size_t)n, sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; i < n; i++)
        v[i] = (float)(i * 7919 % 257 - 128) * 0.37f;
    return v;
}

/* All three of a convolution, or of a dense layer when it is one, on every instruction set. */
static void check_conv(const dp_conv *c, int64_t n, int64_t leaf)
{
    const int64_t nx = n * c->ic * c->height * c->width, ny = n * c->oc * c->oh * c->ow,
                  nw = c->oc * c->ic / c->groups * c->kh * c->kw, most = nx + ny + nw;
    const dp_dense d = {c->ic, c->oc};
    dp_options options;
    dp_arena arena = {0};
    dp_workers *workers;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    assert_ok(dp_workers_open(&workers, 1, &arena, &test_error));
    const float *x = numbers(&arena, nx), *dy = numbers(&arena, ny), *w = numbers(&arena, nw);
    float *expected = numbers(&arena, most), *got = numbers(&arena, most);
    dp_ref_conv_forward(c, n, x, w, expected);
    dp_ref_conv_input_gradient(c, n, dy, w, expected + ny);
    dp_ref_conv_weight_gradient(c, n, leaf, x, dy, expected + ny + nx,
                                numbers(&arena, n * c->kh * c->kw));
    for (int i = 0; i <= (int)dp_cpu_best(); i++) {
        const dp_kernels *k = level(i);
        if (k == NULL)
            continue;
        dp_math_run run = {k, workers, n, leaf,
                           numbers(&arena, (int64_t)dp_conv_workspace(c, k, n, 1))};
        memset(got, 0, (size_t)most * sizeof *got);
        dp_conv_forward(c, &run, x, w, NULL, got, NULL);
        dp_conv_input_gradient(c, &run, dy, w, got + ny, NULL);
        dp_conv_weight_gradient(c, &run, x, dy, got + ny + nx);
        assert_memory_equal(got, expected, (size_t)most * sizeof *got);
        if (c->height * c->width > 1)
            continue;
        run.workspace = numbers(&arena, (int64_t)dp_dense_workspace(&d, k, n));
        memset(got, 0, (size_t)most * sizeof *got);
        dp_dense_forward(&d, &run, x, w, got);
        dp_dense_input_gradient(&d, &run, dy, w, got + ny);
        dp_dense_weight_gradient(&d, &run, x, dy, got + ny + nx);
        assert_memory_equal(got, expected, (size_t)most * sizeof *got);
    }
    dp_workers_close(workers);
    dp_arena_free(&arena);
}

/* Wider rows than a chunk of outer.c has room for, more leaves than it has spans for, and more
 * images than conv.c gives their border at a time. */
static void large_shapes(void **state)
{
    dp_conv c = test_conv(40, 3, 2, 110, 9);

    (void)state;
    c.kh = 1, c.top = c.bottom = 0;
    check_conv(&c, 3, 1);
    c.dilation_w = 2, c.left = c.right = 8;
    check_conv(&c, 3, 2);
    c = test_conv(5, 7, 1, 1, 1);
    check_conv(&c, 300, 1);
    check_conv(&c, 301, 2);
    c = test_conv(8, 8, 256, 256, 1);
    c.kw = 2, c.left = 1;
    check_conv(&c, 3, 4);
}

static dp_conv filtered(const int64_t channels[3], int64_t side, int64_t kernel, int64_t tile)
{
    dp_conv c = test_conv(channels[0], channels[1], side, side - 1, kernel);

    c.groups = channels[2];
    c.top = 1, c.left = 2, c.bottom = 0, c.right = 3;
    c.oh = c.height + 1 - kernel + 1, c.ow = c.width + 5 - kernel + 1;
    c.tile = tile;
    return c;
}

/* More channels than a task takes, more tiles than a block or a chunk has, more leaves than one,
 * and so many weights that what is transformed is made by columns. */
static void filtering_shapes(void **state)
{
    static const int64_t kernels[][2] = {{3, 2}, {5, 2}, {3, 4}}; /* and tiles */
    static const int64_t channels[][3] = {
        {19, 9, 1}, {130, 5, 1}, {5, 200, 1}, {34, 66, 2}, {96, 96, 1}};
    static const int64_t sides[] = {41, 5, 5, 5, 17};

    (void)state;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 5; j++) {
            const dp_conv c = filtered(channels[j], sides[j], kernels[i][0], kernels[i][1]);
            check_conv(&c, 3, 1);
        }
    }
}

/* As many outputs, and input's gradients, as are written past the cache; the last tiles of a row
 * reach over the image's end. */
static void filtering_past_the_cache(void **state)
{
    static const int64_t channels[][3] = {{1, 48, 1}, {48, 1, 1}, {2, 64, 2}};

    (void)state;
    for (int j = 0; j < 3; j++) {
        const dp_conv c = filtered(channels[j], 91, 3, j == 2 ? 4 : 2);
        check_conv(&c, 3, 4);
    }
}

/* The counter of tree.h is the level-by-level tree, for every number of leaves. */
static void counter_is_the_tree(void **state)
{
    (void)state;
    for (int n = 1; n < 300; n++) {
        float v[300], stack[DP_TREE_DEPTH + 1];
        int depth = 0;
        for (int i = 0; i < n; i++)
            v[i] = 1.0f / (float)(i * i + 3);
        for (int i = 0; i < n; i++) {
            stack[depth++] = v[i];
            for (int m = dp_tree_merges(i); m > 0; m--, depth--)
                stack[depth - 2] += stack[depth - 1];
        }
        for (; depth > 1; depth--)
            stack[depth - 2] += stack[depth - 1];
        assert_true(stack[0] == dp_ref_tree32(v, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_shapes),
        cmocka_unit_test(fast_functions),
        cmocka_unit_test(large_shapes),
        cmocka_unit_test(filtering_shapes),
        cmocka_unit_test(filtering_past_the_cache),
        cmocka_unit_test(counter_is_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
