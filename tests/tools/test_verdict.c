/* test_verdict.c - what runs say together: of printed losses, of files, of ladders
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/verdict.h"

#include "tests/support/test.h"

#define MOST 3

typedef struct printed {
    losses run[MOST];
    printed_question q;
    printed_verdict v;
} printed;

static void print_losses(const char *const *texts, int n, printed *p)
{
    for (int i = 0; i < n; i++) {
        char *copy = malloc(strlen(texts[i]) + 1);
        strcpy(copy, texts[i]);
        assert_int_equal(losses_find(copy, strlen(copy), 0, NULL, &p->run[i]), 0);
        losses_finish(&p->run[i]);
        p->q.losses[i] = &p->run[i];
        free(copy);
    }
    p->q.n = n;
}

static void release(printed *p)
{
    printed_verdict_free(&p->v);
    for (int i = 0; i < p->q.n; i++)
        losses_free(&p->run[i]);
    *p = (printed){.q.n = 0};
}

#define LONG_1 "step 1 loss: 2.50000001\n"
#define LONG_2 "step 2 loss: 2.25000001\n"

static void answers_are_those_of_the_table(void **state)
{
    static const struct {
        const char *texts[MOST];
        int n;
        bool allclose, strict;
        verdict_answer answer;
        int status;
        const char *weakness;
    } rows[] = {
        {{LONG_1 LONG_2, LONG_1 LONG_2}, 2, false, true, VERDICT_EQUAL, EXIT_YES, ""},
        {{LONG_1, LONG_1}, 2, false, false, VERDICT_EQUAL, EXIT_YES, "1 loss"},
        {{LONG_1, LONG_1}, 2, false, true, VERDICT_EQUAL, EXIT_NOT_TRIED, "1 loss"},
        {{LONG_1 "step 2 loss: 2.5\n", LONG_1 "step 2 loss: 2.5\n"},
         2,
         false,
         true,
         VERDICT_EQUAL,
         EXIT_YES,
         ""},
        {{"step 1 loss: 2.5\nstep 2 loss: 2.25\n", "step 1 loss: 2.5\nstep 2 loss: 2.25\n"},
         2,
         false,
         false,
         VERDICT_EQUAL,
         EXIT_YES,
         "3 digits"},
        {{"step 1 loss: nan\n", "step 1 loss: nan\n"},
         2,
         false,
         false,
         VERDICT_NOTHING,
         EXIT_NOT_TRIED,
         "1 loss, no finite loss"},
        {{"", ""}, 2, false, false, VERDICT_NOTHING, EXIT_NOT_TRIED, NULL},
        {{LONG_1 LONG_2, LONG_1 "step 2 loss: 2.25000002\n"},
         2,
         false,
         false,
         VERDICT_OTHER,
         EXIT_NO,
         ""},
        {{LONG_1 LONG_2, LONG_1 "step 2 loss: 2.25000002\n"},
         2,
         true,
         false,
         VERDICT_EQUAL,
         EXIT_YES,
         ""},
        {{LONG_1 LONG_2, LONG_1 "step 2 loss: 2.26\n"}, 2, true, false, VERDICT_OTHER, EXIT_NO, ""},
        {{LONG_1, LONG_1},
         2,
         true,
         false,
         VERDICT_NOTHING,
         EXIT_NOT_TRIED,
         "iteration 2 was not printed"},
        {{LONG_1 LONG_2, LONG_1 LONG_2, LONG_1}, 3, false, false, VERDICT_OTHER, EXIT_NO, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        printed p = {.q = {.allclose = rows[i].allclose, .strict = rows[i].strict}};
        print_losses(rows[i].texts, rows[i].n, &p);
        printed_verdict_make(&p.v, &p.q);
        if (p.v.all.answer != rows[i].answer || p.v.all.status != rows[i].status)
            fail_msg("row %zu: answer %d, status %d", i, (int)p.v.all.answer, p.v.all.status);
        if (rows[i].weakness != NULL)
            assert_string_equal(p.v.all.weakness, rows[i].weakness);
        release(&p);
    }
}

static void the_first_difference_is_named(void **state)
{
    static const char *const texts[] = {
        LONG_1 LONG_2 "step 3 loss: 2\n", LONG_1 LONG_2 "step 3 loss: 2\n",
        LONG_1 "step 2 loss: 2.5\nstep 3 loss: 2\nstep 4 loss: 1\n"};
    printed p = {.q = {.sensitivity = true}};

    (void)state;
    print_losses(texts, 3, &p);
    printed_verdict_make(&p.v, &p.q);
    assert_int_equal(p.v.other, 2);
    assert_int_equal(p.v.shown, 2);
    assert_false(p.v.digits);
    assert_string_equal(p.v.first.step, "2");
    assert_int_equal(p.v.first.ordinal, 1);
    assert_int_equal(p.v.first.loss->line, 2);
    assert_ptr_equal(p.v.value.pair, p.v.first.pair);
    assert_int_equal(p.v.iterations, 2);
    assert_string_equal(p.v.place.step, "4");
    assert_string_equal(p.v.step[0], "3");
    assert_string_equal(p.v.step[1], "4");
    assert_int_equal(p.v.count[0], 3);
    assert_int_equal(p.v.count[1], 4);
    assert_true(p.v.sensitivity[0] != '\0');
    release(&p);
}

/* Equal losses do not hide a file that differs, and equal files prove without a loss. */
static void files_count(void **state)
{
    static const char *const texts[] = {"", ""};
    result_file files[2] = {{.name = (char[]){"w"}, .size = 4, .patterns = 1, .written = true},
                            {.name = (char[]){"w"}, .size = 4, .patterns = 1, .written = true}};
    results r[2] = {{.v = &files[0], .n = 1}, {.v = &files[1], .n = 1}};

    (void)state;
    for (int differs = 0; differs < 2; differs++) {
        printed p = {.q = {.files = true, .strict = true, .results = {&r[0], &r[1]}}};
        files[1].digest[0] = (uint8_t)differs;
        print_losses(texts, 2, &p);
        printed_verdict_make(&p.v, &p.q);
        assert_int_equal(p.v.all.status, differs ? EXIT_NO : EXIT_YES);
        assert_int_equal(p.v.other, differs);
        assert_null(p.v.first.pair);
        release(&p);
    }
}

/* ---- ladders ---- */

static void fill(ladder *l, uint32_t *bits, uint64_t n)
{
    *l = (ladder){.losses = bits, .n_losses = n};
    for (int r = 0; r < N_RUNGS; r++)
        snprintf(l->digests[r].text, sizeof l->digests[r].text, "%d", r);
}

static void a_ladder_breaks_where_its_lowest_rung_does(void **state)
{
    uint32_t bits[3] = {0x3f800000, 0x40000000, 0x40400000}, far[3] = {0x3f800000, 0x40400000, 0};
    ladder l[3];
    const ladder *const runs[] = {&l[0], &l[1], &l[2]};
    ladder_verdict v;

    (void)state;
    for (int i = 0; i < 3; i++)
        fill(&l[i], bits, 3);
    v = ladder_verdict_of(runs, 3, 3);
    assert_int_equal(v.all.answer, VERDICT_EQUAL);
    assert_int_equal(v.all.status, EXIT_YES);
    assert_int_equal(v.broken, N_RUNGS);
    assert_int_equal(closeness_answer(&v.close), CLOSE_YES);

    v = ladder_verdict_of(runs, 3, 4); /* the data ended before */
    assert_int_equal(v.all.answer, VERDICT_NOTHING);
    assert_int_equal(v.all.status, EXIT_NOT_TRIED);

    l[2].digests[RUNG_BITS].text[0] = 'x';
    v = ladder_verdict_of(runs, 3, 4);
    assert_int_equal(v.all.status, EXIT_NO);
    assert_int_equal(v.broken, RUNG_BITS);
    assert_int_equal(v.other[RUNG_BITS], 2);
    assert_true(v.alone);

    l[1].digests[RUNG_LOSS_2].text[0] = 'x';
    l[1].losses = far;
    v = ladder_verdict_of(runs, 3, 3);
    assert_int_equal(v.broken, RUNG_LOSS_2);
    assert_int_equal(v.other[RUNG_LOSS_2], 1);
    assert_false(v.alone);
    assert_int_equal(closeness_answer(&v.close), CLOSE_NO);

    snprintf(l[0].numerics, sizeof l[0].numerics,
             "flushed"); /* in the first run, too, it is none */
    v = ladder_verdict_of(runs, 3, 3);
    assert_int_equal(v.broken, RUNG_NUMERICS);
    assert_int_equal(v.other[RUNG_NUMERICS], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_table),
        cmocka_unit_test(the_first_difference_is_named), cmocka_unit_test(files_count),
        cmocka_unit_test(a_ladder_breaks_where_its_lowest_rung_does)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
