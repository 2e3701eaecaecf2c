/* test_workers.c - every task once, whatever the number of threads
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/options.h"
#include "base/workers.h"
#include "tests/support/test.h"

#define N_TASKS 1000

static void count(void *ctx, uint64_t i)
{
    atomic_int *counts = ctx;
    atomic_fetch_add(&counts[i], 1);
}

static void every_task_once(void **state)
{
    static const uint32_t threads[] = {1, 2, 7, 64};
    static atomic_int counts[N_TASKS];
    dp_options options;

    (void)state;
    assert_ok(dp_options_get(NULL, &options, &test_error));
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        dp_arena arena = {.alloc = options.alloc};
        dp_workers *w;
        assert_ok(dp_workers_open(&w, threads[t], &arena, &test_error));
        for (int round = 0; round < 200; round++) {
            const uint64_t n = (uint64_t)(round * 5 % N_TASKS);
            for (int i = 0; i < N_TASKS; i++)
                atomic_store(&counts[i], 0);
            dp_workers_run(w, n, count, counts);
            for (uint64_t i = 0; i < N_TASKS; i++)
                assert_int_equal(atomic_load(&counts[i]), i < n);
        }
        dp_workers_close(w);
        dp_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_task_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
