/* test_kernels.c - every instruction set against the scalar reference, and the order of every sum
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/alloc.h"
#include "base/num.h"
#include "compute/conv.h"
#include "compute/reference/reference.h"
#include "compute/selftest.h"
#include "compute/tree.h"
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

/* ---- which terms meet when (docs/numerics.md): with all terms 1, +M at i and -M at j, the
 * result is the number of terms that come after i and j have met ---- */

typedef struct probe {
    const dp_kernels *kernels;
    dp_workers *workers;
    dp_conv conv;
    int64_t n, leaf;
    float *x, *w, *dy, *out, *workspace;
} probe;

static float forward_sum(probe *p)
{
    dp_conv_forward(&p->conv, p->kernels, p->workers, 1, p->x, p->w, p->out, p->workspace);
    return p->out[0];
}

static float weight_sum(probe *p)
{
    dp_conv_weight_gradient(&p->conv, p->kernels, p->workers, p->n, p->leaf, p->x, p->dy, p->out,
                            p->workspace);
    return p->out[0];
}

/* A chain over n terms: everything after the later of i and j survives. */
static void forward_is_a_chain(void **state)
{
    enum { K = 37 };
    const float big = 0x1p60f;
    dp_options options;
    dp_arena arena;
    probe p = {0};

    (void)state;
    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    assert_ok(dp_workers_open(&p.workers, 2, &arena, &test_error));
    p.conv = (dp_conv){.ic = K,
                       .height = 1,
                       .width = 1,
                       .oc = 1,
                       .kh = 1,
                       .kw = 1,
                       .oh = 1,
                       .ow = 1,
                       .stride_h = 1,
                       .stride_w = 1,
                       .dilation_h = 1,
                       .dilation_w = 1,
                       .groups = 1};
    for (int l = 0; l <= (int)dp_cpu_best(); l++) {
        if ((p.kernels = level(l)) == NULL)
            continue;
        p.x = dp_arena_alloc(&arena, K, sizeof(float));
        p.w = dp_arena_alloc(&arena, K, sizeof(float));
        p.out = dp_arena_alloc(&arena, 1, sizeof(float));
        p.workspace =
            dp_arena_alloc(&arena, dp_conv_workspace(&p.conv, p.kernels, 1), sizeof(float));
        for (int k = 0; k < K; k++)
            p.x[k] = p.w[k] = 1.0f;
        for (int i = 0; i < K; i++) {
            for (int j = 0; j < K; j++) {
                if (i == j)
                    continue;
                p.w[i] = big, p.w[j] = -big;
                assert_true(forward_sum(&p) == (float)(K - 1 - (i > j ? i : j)));
                p.w[i] = p.w[j] = 1.0f;
            }
        }
    }
    dp_workers_close(p.workers);
    dp_arena_free(&arena);
}

/* Terms that survive when +M stands at sample i and -M at j: built from the definition of LEAF,
 * CHAIN and TREE. */
static float model(int n, int leaf, int i, int j)
{
    float partial[64];
    int leaves = 0;

    for (int first = 0; first < n; first += leaf) {
        float acc = 0;
        for (int k = first; k < first + leaf && k < n; k++)
            acc += k == i ? 0x1p60f : k == j ? -0x1p60f : 1.0f;
        partial[leaves++] = acc;
    }
    return dp_ref_tree32(partial, leaves);
}

static void weight_gradient_is_a_tree_of_leaves(void **state)
{
    dp_options options;
    dp_arena arena;
    probe p = {0};

    (void)state;
    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    assert_ok(dp_workers_open(&p.workers, 2, &arena, &test_error));
    p.kernels = dp_kernels_of(dp_cpu_best());
    p.conv = (dp_conv){.ic = 1,
                       .height = 1,
                       .width = 1,
                       .oc = 1,
                       .kh = 1,
                       .kw = 1,
                       .oh = 1,
                       .ow = 1,
                       .stride_h = 1,
                       .stride_w = 1,
                       .dilation_h = 1,
                       .dilation_w = 1,
                       .groups = 1};
    p.x = dp_arena_alloc(&arena, 64, sizeof(float));
    p.dy = dp_arena_alloc(&arena, 64, sizeof(float));
    p.out = dp_arena_alloc(&arena, 1, sizeof(float));
    p.workspace = dp_arena_alloc(&arena, dp_conv_workspace(&p.conv, p.kernels, 64), sizeof(float));
    for (p.leaf = 1; p.leaf <= 8; p.leaf *= 2) {
        for (p.n = 1; p.n <= 27; p.n++) {
            for (int k = 0; k < p.n; k++)
                p.x[k] = p.dy[k] = 1.0f;
            for (int i = 0; i < p.n; i++) {
                const int j = (i * 7 + 3) % (int)p.n;
                if (i == j)
                    continue;
                p.dy[i] = 0x1p60f, p.dy[j] = -0x1p60f;
                assert_true(weight_sum(&p) == model((int)p.n, (int)p.leaf, i, j));
                p.dy[i] = p.dy[j] = 1.0f;
            }
        }
    }
    dp_workers_close(p.workers);
    dp_arena_free(&arena);
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
        cmocka_unit_test(forward_is_a_chain),
        cmocka_unit_test(weight_gradient_is_a_tree_of_leaves),
        cmocka_unit_test(counter_is_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
