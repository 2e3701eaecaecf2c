/* test_block_shuffle.c - shuffle block=..: a permutation at every length, made of whole blocks
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "libraries/block_shuffle.h"
#include "tests/support/test.h"

#define MOST 100

static dp_ask ask_of(uint64_t rows, uint64_t block, uint64_t window)
{
    return (dp_ask){.key = 77, .rows = rows, .count = rows, .block = block, .window = window};
}

static void epoch_of(dp_block_shuffle *s, const dp_ask *ask, uint64_t *order)
{
    for (uint64_t i = 0; i < ask->rows; i++)
        order[i] = dp_block_shuffle_at(s, ask, i);
}

/* Each row once; and the rows from `first` on, as many as `window` blocks have, are whole blocks
 * that no other window has a row of. */
static void check_epoch(const dp_ask *ask, const uint64_t *order)
{
    bool row[MOST] = {false}, block[MOST] = {false};
    uint64_t at = 0;

    while (at < ask->rows) {
        uint64_t left = 0, n = 0, seen[MOST] = {0};
        for (; at < ask->rows && (n < ask->window || left > 0); at++, left--) {
            const uint64_t b = order[at] / ask->block;
            if (order[at] >= ask->rows || row[order[at]])
                fail_msg("%u rows, block %u, window %u: row %u at place %u", (unsigned)ask->rows,
                         (unsigned)ask->block, (unsigned)ask->window, (unsigned)order[at],
                         (unsigned)at);
            row[order[at]] = true;
            assert_false(seen[b] == 0 && block[b]); /* it was of another window */
            if (seen[b]++ > 0)
                continue;
            block[b] = true;
            n++;
            left +=
                ask->rows - b * ask->block < ask->block ? ask->rows - b * ask->block : ask->block;
        }
        assert_int_equal(left, 0);
        assert_true(n <= ask->window);
    }
}

/* All lengths from 0 on, so blocks that are cut, one block, fewer rows than a block, windows that
 * are cut. */
static void permutations_of_whole_blocks(void **state)
{
    (void)state;
    for (uint64_t rows = 0; rows <= MOST; rows++) {
        for (uint64_t block = 1; block <= 12; block++) {
            for (uint64_t window = 1; window <= 9; window++) {
                dp_ask ask = ask_of(rows, block, window);
                dp_block_shuffle s = {0};
                for (ask.epoch = 0; ask.epoch < 3; ask.epoch++) {
                    uint64_t order[MOST];
                    epoch_of(&s, &ask, order);
                    check_epoch(&ask, order);
                }
            }
        }
    }
}

/* Any place of any epoch gives what it gave in turn. */
static void places_out_of_turn(void **state)
{
    dp_ask ask = ask_of(MOST - 1, 7, 4);
    dp_block_shuffle in_turn = {0}, random = {0};
    uint64_t order[3][MOST];
    dp_rng rng;

    (void)state;
    for (ask.epoch = 0; ask.epoch < 3; ask.epoch++)
        epoch_of(&in_turn, &ask, order[ask.epoch]);
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    dp_rng_start(&rng, 5, 0, 0);
    for (int i = 0; i < 5000; i++) {
        const uint64_t at = dp_rng_below(&rng, MOST - 1);
        ask.epoch = dp_rng_below(&rng, 3);
        assert_int_equal(dp_block_shuffle_at(&random, &ask, at), order[ask.epoch][at]);
    }
}

/* ---- how often each order comes ---- */

#define EACH 100 /* times that an order is expected */

/* Which of the n! orders of its elements it is. */
static uint32_t rank_of(const uint64_t *order, uint32_t n)
{
    uint32_t rank = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t below = 0;
        for (uint32_t j = i + 1; j < n; j++)
            below += order[j] < order[i];
        rank = rank * (n - i) + below;
    }
    return rank;
}

/* Chi-square of what came, less its expectation, in standard deviations. */
static double deviation(const uint32_t *count, uint32_t n)
{
    double chi2 = 0;

    for (uint32_t i = 0; i < n; i++)
        chi2 += ((double)count[i] - EACH) * ((double)count[i] - EACH) / EACH;
    return (chi2 - (n - 1)) / sqrt(2.0 * (n - 1));
}

/* The orders of the rows of a window, and of blocks of which the last is cut: all equally often. */
static void every_order_comes_equally_often(void **state)
{
    static const struct {
        uint64_t rows, block, window;
        uint32_t n, step, orders; /* rows block * i, i < n, stand for the blocks */
    } cases[] = {{2, 1, 2, 2, 1, 2},   {5, 1, 5, 5, 1, 120}, {6, 6, 1, 6, 1, 720},
                 {5, 2, 3, 5, 1, 120}, {9, 2, 1, 5, 2, 120}, {12, 2, 1, 6, 2, 720}};

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        dp_ask ask = ask_of(cases[c].rows, cases[c].block, cases[c].window);
        dp_block_shuffle s = {0};
        uint32_t count[720] = {0};
        for (ask.epoch = 0; ask.epoch < EACH * (uint64_t)cases[c].orders; ask.epoch++) {
            uint64_t order[12], firsts[12];
            uint32_t n = 0;
            epoch_of(&s, &ask, order);
            for (uint64_t i = 0; i < ask.rows; i++) {
                if (order[i] % cases[c].step == 0)
                    firsts[n++] = order[i];
            }
            assert_int_equal(n, cases[c].n);
            count[rank_of(firsts, n)]++;
        }
        if (deviation(count, cases[c].orders) > 5)
            fail_msg("case %u: the orders come unequally often, by %.1f standard deviations",
                     (unsigned)c, deviation(count, cases[c].orders));
    }
}

/* Of whole blocks and windows: each row comes to each place equally often. */
static void every_row_comes_everywhere(void **state)
{
    enum { ROWS = 96 };
    dp_ask ask = ask_of(ROWS, 8, 3);
    dp_block_shuffle s = {0};
    static uint32_t count[ROWS][ROWS];

    (void)state;
    for (ask.epoch = 0; ask.epoch < EACH * ROWS; ask.epoch++) {
        for (uint64_t i = 0; i < ROWS; i++)
            count[dp_block_shuffle_at(&s, &ask, i)][i]++;
    }
    for (int row = 0; row < ROWS; row++) {
        if (deviation(count[row], ROWS) > 5)
            fail_msg("row %d comes to places unequally often, by %.1f standard deviations", row,
                     deviation(count[row], ROWS));
    }
}

/* ---- as a text ---- */

static void records_of(const char *spec, uint64_t seed, uint64_t first, int64_t *records, size_t n)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *p;
    size_t n_rows, n_readers;

    assert_ok(dp_open(&p, spec, seed, &options, &test_error));
    for (size_t i = 0; i < n; i++)
        assert_ok(dp_records(p, first + i, records + i, 1, &n_rows, &n_readers, &test_error));
    dp_close(p);
}

/* 10^12 rows, at their end and in the next epoch: no table, and no time. */
static void more_rows_than_any_table(void **state)
{
    static const char spec[] =
        "range count=1000000000000 | shuffle block=1000 window=100 | repeat count=2";
    const uint64_t n = 1000000000000;
    int64_t end[1000], next[1000], other[1000];
    uint64_t places[2];

    (void)state;
    records_of(spec, 1, n - 500, end, 1000);
    records_of(spec, 1, n, next, 500);
    assert_memory_equal(end + 500, next, 500 * sizeof *next);
    records_of(spec, 2, n, other, 500);
    assert_memory_not_equal(other, next, 500 * sizeof *next);
    places[0] = places[1] = 0;
    for (int i = 0; i < 500; i++) {
        assert_in_range(end[i], 0, n - 1);
        places[(uint64_t)end[i] < n / 2]++;
    }
    assert_true(places[0] > 100 && places[1] > 100);
}

static void an_epoch_of_a_text(void **state)
{
    int64_t records[22], again[22];
    dp_ask ask = ask_of(11, 4, 2);
    uint64_t order[12];

    (void)state;
    records_of("range count=11 | shuffle block=4 window=2 | repeat count=2", 3, 0, records, 22);
    for (int e = 0; e < 2; e++) {
        for (int i = 0; i < 11; i++)
            order[i] = (uint64_t)records[11 * e + i];
        check_epoch(&ask, order);
    }
    assert_memory_not_equal(records, records + 11, 11 * sizeof *records);
    records_of("range count=11 | shuffle block=4 window=2 reshuffle_each_epoch=false | repeat", 3,
               0, again, 22);
    assert_memory_equal(again, records, 11 * sizeof *records);
    assert_memory_equal(again + 11, records, 11 * sizeof *records);
    /* another use of the stage, another order */
    records_of("range count=11 | shuffle block=4 window=2 | shuffle block=4 window=2", 3, 0, again,
               11);
    assert_memory_not_equal(again, records, 11 * sizeof *records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutations_of_whole_blocks),
        cmocka_unit_test(places_out_of_turn),
        cmocka_unit_test(every_order_comes_equally_often),
        cmocka_unit_test(every_row_comes_everywhere),
        cmocka_unit_test(more_rows_than_any_table),
        cmocka_unit_test(an_epoch_of_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
