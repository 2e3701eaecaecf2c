/* test_blocks.c - blocks in memory: found again by their numbers, and which of them go
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/remote/blocks.h"
#include "tests/support/test.h"

static uint64_t loads;
static bool begins;

static bool is_far(const void *ctx, uint64_t block)
{
    (void)ctx, (void)block;
    return true;
}

static bool begin(const void *ctx, uint64_t block, dp_block_slot *s)
{
    (void)ctx, (void)block;
    atomic_store(&s->fetch.done, 1);
    return begins;
}

static dp_status load(const void *ctx, uint64_t block, dp_block_slot *s, dp_error *err)
{
    (void)ctx, (void)err;
    *(uint64_t *)s->memory = block;
    loads++;
    return DP_OK;
}

static dp_block_cache *open_cache(uint32_t n_slots, dp_arena *arena)
{
    const dp_block_loader loader = {NULL, is_far, begin, load, false};
    dp_block_cache *c;

    *arena = (dp_arena){.alloc = &dp_libc_allocator};
    loads = 0;
    begins = false;
    assert_int_equal(dp_block_cache_open(&c, &loader, n_slots, 8, 1, arena, NULL), DP_OK);
    return c;
}

static void close_cache(dp_block_cache *c, dp_arena *arena)
{
    dp_block_cache_close(c);
    dp_arena_free(arena);
}

static void get(dp_block_cache *c, uint64_t block)
{
    dp_block_slot *s;

    assert_int_equal(dp_block_cache_get(c, block, &s, NULL), DP_OK);
    assert_int_equal(*(uint64_t *)s->memory, block);
    dp_block_cache_put(c, s);
}

/* In any order, where there is room for few, for for more, for all. */
static void found_again(void **state)
{
    static const uint32_t rooms[] = {1, 7, 2000, 3000};
    uint64_t draw = 1;
    dp_arena arena;

    (void)state;
    for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
        dp_block_cache *c = open_cache(rooms[k], &arena);
        for (uint32_t i = 0; i < 20000; i++) {
            draw = draw * 6364136223846793005 + 1442695040888963407;
            get(c, (draw >> 33) % 3000 << 40 | 5);
        }
        assert_true(rooms[k] < 3000 ? loads > 3000 : loads <= 3000);
        close_cache(c, &arena);
    }
}

/* What is read from end to end again, by turns that are told of, finds what there was room for. */
static void kept_for_the_next_time(void **state)
{
    enum { BLOCKS = 100, ROOM = 60, TIMES = 4 };
    dp_arena arena;
    dp_block_cache *c = open_cache(ROOM, &arena);

    (void)state;
    for (uint64_t turn = 0; turn < (uint64_t)TIMES * BLOCKS; turn++) {
        const dp_when when = {turn + 2, turn};
        dp_block_cache_ahead(c, (turn + 2) % BLOCKS, &when);
        get(c, turn % BLOCKS);
    }
    assert_true(loads <= BLOCKS + (TIMES - 1) * (BLOCKS - ROOM + 4));
    close_cache(c, &arena);
}

/* Also where it is begun long before, as far as there is room. */
static void kept_behind_what_is_begun(void **state)
{
    enum { BLOCKS = 150, ROOM = 100, TIMES = 4 };
    dp_arena arena;
    dp_block_cache *c = open_cache(ROOM, &arena);
    uint64_t told = 0;

    (void)state;
    begins = true;
    for (uint64_t turn = 0; turn < (uint64_t)TIMES * BLOCKS; turn++) {
        dp_when when = {told, turn};
        while (told < turn + ROOM && dp_block_cache_ahead(c, told % BLOCKS, &when))
            when.number = ++told;
        get(c, turn % BLOCKS);
    }
    assert_true(loads <= BLOCKS + (TIMES - 1) * (BLOCKS - ROOM / 2 + 4));
    close_cache(c, &arena);
}

/* Of what no turn is known to want, that which was not used for longest goes; what a turn wants
 * stays until that is over. */
static void which_goes(void **state)
{
    const dp_when wanted = {9, 5}, over = {20, 11};
    dp_arena arena;
    dp_block_cache *c = open_cache(3, &arena);

    (void)state;
    for (uint64_t block = 1; block <= 3; block++)
        get(c, block);
    get(c, 1);
    get(c, 4); /* in the place of 2 */
    get(c, 3);
    get(c, 1);
    assert_int_equal(loads, 4);
    dp_block_cache_ahead(c, 3, &wanted);
    get(c, 1);
    get(c, 5);
    get(c, 6);
    get(c, 3);
    assert_int_equal(loads, 6);
    dp_block_cache_ahead(c, 6, &over);
    get(c, 7); /* in the place of 3 */
    get(c, 5);
    get(c, 6);
    assert_int_equal(loads, 7);
    get(c, 3);
    assert_int_equal(loads, 8);
    close_cache(c, &arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_goes),
        cmocka_unit_test(found_again),
        cmocka_unit_test(kept_for_the_next_time),
        cmocka_unit_test(kept_behind_what_is_begun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
