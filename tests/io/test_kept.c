/* test_kept.c - records that are kept once they are read again
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "io/kept.h"
#include "tests/support/test.h"

#define SIZE 77 /* no multiple of a line */
#define N    5

static dp_kept *plan(dp_arena *arena, uint64_t n, uint64_t memory)
{
    const dp_options options = {.size = sizeof options, .memory = memory};
    dp_kept *kept = (dp_kept *)arena;

    assert_ok(dp_kept_plan(&kept, n, SIZE, &options, arena, &test_error));
    return kept;
}

/* A record is read, read again and kept, and found: bytes of its own, on a line of the cache. */
static void second_reader_keeps(void **state)
{
    dp_arena arena = {.alloc = &dp_libc_allocator};
    dp_kept *kept = plan(&arena, N, 0);

    (void)state;
    assert_non_null(kept);
    for (uint64_t i = 0; i < N; i++) {
        uint8_t *bytes;
        assert_null(dp_kept_find(kept, i));
        assert_null(dp_kept_claim(kept, i));
        bytes = dp_kept_claim(kept, i);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % 64, 0);
        assert_null(dp_kept_claim(kept, i)); /* somebody keeps it now */
        assert_null(dp_kept_find(kept, i));
        memset(bytes, (int)i + 1, SIZE);
        dp_kept_fill(kept, i);
        assert_null(dp_kept_claim(kept, i)); /* it is there */
    }
    for (uint64_t i = 0; i < N; i++) {
        const uint8_t *bytes = dp_kept_find(kept, i);
        dp_kept_prefetch(kept, i);
        assert_non_null(bytes);
        for (size_t b = 0; b < SIZE; b++)
            assert_int_equal(bytes[b], i + 1);
    }
    dp_arena_free(&arena);
}

static void nothing_is_kept_past_a_limit(void **state)
{
    dp_arena arena = {.alloc = &dp_libc_allocator};

    (void)state;
    assert_null(plan(&arena, UINT64_MAX / 2, 0));
    assert_null(plan(&arena, 1000, 1000 * SIZE)); /* half of it is for others */
    assert_non_null(plan(&arena, 1000, 1000 * SIZE * 4));
    assert_null(dp_kept_find(NULL, 3));
    assert_null(dp_kept_claim(NULL, 3));
    dp_kept_prefetch(NULL, 3);
    dp_arena_free(&arena);
    arena = (dp_arena){.alloc = &dp_libc_allocator, .limit = 1000};
    assert_null(plan(&arena, 1000, 0)); /* the arena has no room: that is no failure */
    dp_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_reader_keeps),
        cmocka_unit_test(nothing_is_kept_past_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
