/* test_kernels.c - every instruction set against the scalar reference
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
        cmocka_unit_test(counter_is_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
