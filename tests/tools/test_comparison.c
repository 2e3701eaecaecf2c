/* test_comparison.c - ledgers side by side, the first thing that differs; files that are bound
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/comparison.h"

#include <errno.h>
#include <math.h>

#include "tests/support/test.h"
#include "tools/cli/file.h"

typedef struct entry {
    const char *name;
    uint8_t digest;
} entry;

typedef struct step {
    uint64_t number;
    entry entries[4];
    double loss;
    double test; /* 0 = none */
} step;

static void write_ledger(const char *path, const step *steps, size_t n)
{
    dp_ledger *l;

    remove(path); /* a ledger that is there would go on */
    assert_ok(dp_ledger_open(&l, path, "a", NULL, &test_error));
    for (size_t i = 0; i < n; i++) {
        for (const entry *e = steps[i].entries; e->name != NULL; e++) {
            const uint8_t digest[16] = {e->digest};
            assert_ok(dp_ledger_digest(l, e->name, digest, &test_error));
        }
        if (steps[i].test != 0)
            assert_ok(dp_ledger_test(l, steps[i].test, &test_error));
        assert_ok(dp_ledger_step(l, steps[i].number, steps[i].loss, &test_error));
    }
    assert_ok(dp_ledger_close(l));
}

#define STEPS 3
static const step plain[STEPS] = {
    {1, {{"batch", 1}, {"gradients", 2}, {"weights", 3}, {NULL, 0}}, 2.5, 0},
    {2, {{"batch", 4}, {"gradients", 5}, {"weights", 6}, {NULL, 0}}, 2.25, 0},
    {3, {{"batch", 7}, {"gradients", 8}, {"weights", 9}, {NULL, 0}}, 2.0, 0},
};

/* Compares a run with one that has other steps. */
static int compare_runs(const char *folder, const step *run, const step *other, size_t n,
                        comparison *c)
{
    static char path[2][300];

    for (int k = 0; k < 2; k++) {
        snprintf(path[k], sizeof path[k], "%s/%d", folder, k);
        write_ledger(path[k], k == 0 ? run : other, k == 0 ? STEPS : n);
    }
    *c = (comparison){.path = {path[0], path[1]}};
    return comparison_make(c);
}

/* The plain run, with another one. */
static int compare(const char *folder, const step *other, size_t n, comparison *c)
{
    return compare_runs(folder, plain, other, n, c);
}

static void the_cause_is_the_first_thing_that_differs(void **state)
{
    static const struct {
        size_t step, entry; /* entry 3: the loss */
        const char *cause, *meaning;
    } rows[] = {
        {0, 0, "batch", "The data:"},
        {1, 1, "gradients", "The backward pass"},
        {2, 2, "weights", "The optimizer"},
        {1, 3, "loss", "The forward pass"},
    };
    char folder[256];

    (void)state;
    test_folder(folder, sizeof folder);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        step other[STEPS];
        comparison c;
        memcpy(other, plain, sizeof other);
        for (size_t s = rows[i].step; s < STEPS; s++) { /* and all that follows */
            if (rows[i].entry == 3 || s > rows[i].step)
                other[s].loss += 0.5;
            for (size_t e = s == rows[i].step ? rows[i].entry : 0; e < 3; e++)
                other[s].entries[e].digest += 100;
        }
        assert_int_equal(compare(folder, other, STEPS, &c), 0);
        assert_false(comparison_equal(&c));
        assert_int_equal(c.first, rows[i].step);
        assert_string_equal(c.cause, rows[i].cause);
        assert_memory_equal(c.meaning, rows[i].meaning, strlen(rows[i].meaning));
        comparison_free(&c);
    }
    test_folder_remove(folder);
}

/* A test is compared where both runs have one; which steps are tested is no difference. */
static void tests_are_compared_where_both_are(void **state)
{
    step run[STEPS], other[STEPS];
    char folder[256];
    comparison c;

    (void)state;
    test_folder(folder, sizeof folder);
    memcpy(run, plain, sizeof run);
    memcpy(other, plain, sizeof other);
    run[1].test = 2.375, other[0].test = 1;
    assert_int_equal(compare_runs(folder, run, other, STEPS, &c), 0);
    assert_true(comparison_equal(&c));
    assert_int_equal(c.entries, 4 * STEPS);
    comparison_free(&c);
    other[1].test = 2.376;
    assert_int_equal(compare_runs(folder, run, other, STEPS, &c), 0);
    assert_false(comparison_equal(&c));
    assert_int_equal(c.first, 1);
    assert_string_equal(c.cause, COMPARISON_TEST);
    assert_memory_equal(c.meaning, "The test ", 9);
    assert_int_equal(c.entries, 4 * STEPS + 1);
    assert_string_equal(comparison_value(c.common[1].a, c.cause), "2.375");
    assert_string_equal(comparison_value(c.common[1].b, c.cause), "2.376");
    comparison_free(&c);
    other[1].entries[2].digest++; /* what made it comes before it */
    assert_int_equal(compare_runs(folder, run, other, STEPS, &c), 0);
    assert_string_equal(c.cause, "weights");
    comparison_free(&c);
    test_folder_remove(folder);
}

/* A ledger of one step with these names, of which one has another digest; n = none. */
static void write_names(const char *path, const char *const *names, size_t n, size_t other)
{
    dp_ledger *l;

    remove(path);
    assert_ok(dp_ledger_open(&l, path, "a", NULL, &test_error));
    for (size_t i = 0; i < n; i++) {
        const uint8_t digest[16] = {(uint8_t)i, i == other};
        assert_ok(dp_ledger_digest(l, names[i], digest, &test_error));
    }
    assert_ok(dp_ledger_step(l, 1, 2.5, &test_error));
    assert_ok(dp_ledger_close(l));
}

/* The meaning of names[i] where that is the first that differs, for each of n. */
static void check_meanings(const char *const *names, const char *const *meanings, size_t n)
{
    char folder[256], path[2][300];

    test_folder(folder, sizeof folder);
    for (int k = 0; k < 2; k++)
        snprintf(path[k], sizeof path[k], "%s/%d", folder, k);
    for (size_t i = 0; i < n; i++) {
        comparison c = {.path = {path[0], path[1]}};
        write_names(path[0], names, n, n);
        write_names(path[1], names, n, i);
        assert_int_equal(comparison_make(&c), 0);
        assert_string_equal(c.cause, names[i]);
        assert_memory_equal(c.meaning, meanings[i], strlen(meanings[i]));
        comparison_free(&c);
    }
    test_folder_remove(folder);
}

/* The names of detpipe.torch.Ledger. */
static void each_name_has_its_meaning(void **state)
{
    static const char *const names[] = {"start weight a",
                                        "changed weight a",
                                        "random torch",
                                        "rows",
                                        "batch",
                                        "input a (Linear)",
                                        "output a (Linear)",
                                        "input CrossEntropyLoss/1",
                                        "output b",
                                        "gradient a",
                                        "given a",
                                        "rate 0",
                                        "state a/step",
                                        "weight a",
                                        "buffer c",
                                        "saved/a",
                                        "layout weight a",
                                        "mine"};
    static const char *const meanings[] = {"The weights before the first step",
                                           "A weight was changed",
                                           "The random numbers",
                                           "The order of the data",
                                           "The data:",
                                           "What goes into this module",
                                           "This module: what goes in is equal",
                                           "What goes into this module",
                                           "The forward pass",
                                           "The backward pass",
                                           "Between the backward pass and the optimizer",
                                           "The optimizer's numbers",
                                           "The optimizer's own state",
                                           "The optimizer: the gradients",
                                           "What modules keep",
                                           "What was saved",
                                           "The layout in memory",
                                           "All that was recorded before it"};

    (void)state;
    check_meanings(names, meanings, sizeof names / sizeof names[0]);
}

/* What a ledger without gradients can say of what comes behind them. */
static void gradients_that_are_not_there_are_not_equal(void **state)
{
    static const char *const names[] = {"output a", "result f/0", "rate", "state a/m", "weight a"};
    static const char *const given[] = {"given a"};
    static const char *const meanings[] = {"The forward pass", "This function: what goes in",
                                           "The optimizer's numbers",
                                           "The backward pass or the optimizer, whose gradients",
                                           "The backward pass or the optimizer, whose gradients"};
    static const char *const of_given[] = {"The backward pass, or what was done"};
    static const char *const buffer[] = {"buffer a"};
    static const char *const of_buffer[] = {
        "What modules keep beside their weights, such as running "
        "means, or the forward pass"};

    (void)state;
    check_meanings(names, meanings, sizeof names / sizeof names[0]);
    check_meanings(given, of_given, 1);
    check_meanings(buffer, of_buffer, 1);
}

/* Where every= or steps= left steps out, or all but losses, nothing is told of them. */
static void what_was_left_out_is_not_equal(void **state)
{
    static const step run[STEPS] = {{1, {{NULL, 0}}, 2.5, 0},
                                    {4, {{NULL, 0}}, 2.25, 0},
                                    {6, {{"before a", 1}, {NULL, 0}}, 2, 0}};
    char folder[256];

    (void)state;
    test_folder(folder, sizeof folder);
    for (size_t i = 0; i < STEPS; i++) {
        static const char *const words[STEPS] = {
            "Nothing but losses was recorded: the data, the weights or the forward pass, or what "
            "the step before made of them.",
            "Nothing but losses was recorded: the data, the weights or the forward pass, or what "
            "the step before made of them. Steps 2 to 3 were not recorded: it may have begun "
            "there.",
            "The forward pass, or the weights before the first step: all that was recorded before "
            "it is equal. Step 5 was not recorded: it may have begun there."};
        step other[STEPS];
        comparison c;
        memcpy(other, run, sizeof other);
        other[i].loss += 1;
        assert_int_equal(compare_runs(folder, run, other, STEPS, &c), 0);
        assert_string_equal(c.meaning, words[i]);
        comparison_free(&c);
    }
    test_folder_remove(folder);
}

/* Of a run that has n names, number `other` of them otherwise, and one that has m, in either order:
 * `cause` is the first difference, and what it means says `words`. */
static void check_alone(const char *const *names, size_t n, size_t other,
                        const char *const *more_names, size_t m, const char *cause,
                        const char *words)
{
    char folder[256], path[2][300];

    test_folder(folder, sizeof folder);
    for (int k = 0; k < 2; k++)
        snprintf(path[k], sizeof path[k], "%s/%d", folder, k);
    for (int swapped = 0; swapped < 2; swapped++) {
        comparison c = {.path = {path[0], path[1]}};
        write_names(path[swapped], names, n, other);
        write_names(path[1 - swapped], more_names, m, m);
        assert_int_equal(comparison_make(&c), 0);
        assert_string_equal(c.cause, cause);
        assert_non_null(strstr(c.meaning, words));
        comparison_free(&c);
    }
    test_folder_remove(folder);
}

/* What one run alone has is the first difference in its place, not behind all that follows. */
static void what_one_alone_has_is_found_in_its_place(void **state)
{
    static const char *const once[] = {"batch", "output a", "given a", "weight a"};
    static const char *const twice[] = {"batch", "output a", "batch #2", "given a", "weight a"};

    (void)state;
    check_alone(once, 4, 2 /* what follows differs, too */, twice, 5, "batch #2",
                "an update was left out");
}

/* An update that one run alone made. */
static void an_update_that_was_dropped(void **state)
{
    static const char *const names[] = {"batch", "given a", "rate 0", "weight a"};

    (void)state;
    check_alone(names, 1, 1, names, 4, "given a", "makes this update");
}

/* Whose random numbers differ, and nothing else in any step, is told so. */
static void random_numbers_without_an_effect(void **state)
{
    static const step runs[][3] = {
        {{1, {{"random python", 1}, {"batch", 1}, {"weight a", 1}}, 2.5, 0},
         {2, {{"batch", 2}, {"weight a", 2}, {NULL, 0}}, 2, 0},
         {3, {{"batch", 3}, {"weight a", 3}, {NULL, 0}}, 1, 0}},
        {{1, {{"random python", 9}, {"batch", 1}, {"weight a", 1}}, 2.5, 0},
         {2, {{"random numpy", 9}, {"batch", 2}, {"weight a", 2}}, 2, 0},
         {3, {{"batch", 3}, {"weight a", 3}, {NULL, 0}}, 1, 0}},
        {{1, {{"random python", 9}, {"batch", 1}, {"weight a", 1}}, 2.5, 0},
         {2, {{"batch", 2}, {"weight a", 2}, {NULL, 0}}, 2, 0},
         {3, {{"batch", 3}, {"weight a", 9}, {NULL, 0}}, 1, 0}},
    };
    char folder[256], path[3][300];

    (void)state;
    test_folder(folder, sizeof folder);
    for (int k = 0; k < 3; k++) {
        snprintf(path[k], sizeof path[k], "%s/%d", folder, k);
        write_ledger(path[k], runs[k], 3);
    }
    for (int k = 1; k < 3; k++) {
        comparison c = {.path = {path[0], path[k]}};
        assert_int_equal(comparison_make(&c), 0);
        assert_string_equal(c.cause, "random python");
        assert_int_equal(strstr(c.meaning, "they alone") != NULL, k == 1);
        comparison_free(&c);
    }
    test_folder_remove(folder);
}

static void equal_is_what_has_all_in_common(void **state)
{
    static const step later[] = {{4, {{"batch", 1}, {NULL, 0}}, 2.5, 0}};
    static const step behind = {4, {{"end weight a", 1}, {NULL, 0}}, 2.5, 0};
    step more[STEPS + 1];
    char folder[256];
    comparison c;

    (void)state;
    test_folder(folder, sizeof folder);
    assert_int_equal(compare(folder, plain, STEPS, &c), 0);
    assert_true(comparison_equal(&c));
    assert_int_equal(c.n, 3);
    assert_int_equal(c.entries, 3 * 4);
    assert_int_equal(closeness_answer(&c.close), CLOSE_YES);
    comparison_free(&c);

    assert_int_equal(compare(folder, plain, 2, &c), 0); /* a step that one alone has */
    assert_false(comparison_equal(&c));
    assert_int_equal(c.first, c.n);
    assert_non_null(strstr(c.meaning, "goes on longer, with step 3:"));
    comparison_free(&c);

    memcpy(more, plain, sizeof plain);
    more[STEPS] = later[0];
    assert_int_equal(compare(folder, more, STEPS + 1, &c), 0);
    assert_false(comparison_equal(&c));
    assert_non_null(strstr(c.meaning, "goes on longer, with step 4:"));
    comparison_free(&c);
    more[STEPS] = behind; /* what is behind the last step is no training */
    assert_int_equal(compare(folder, more, STEPS + 1, &c), 0);
    assert_non_null(strstr(c.meaning, "behind the last step that the other has not, at first \"end "
                                      "weight a\". What a model ends with:"));
    comparison_free(&c);

    assert_int_equal(compare(folder, later, 1, &c), EXIT_NOT_TRIED); /* nothing in common */
    comparison_free(&c);
    test_folder_remove(folder);
}

static void nan_of_one_of_two_differs(void **state)
{
    char folder[256];

    (void)state;
    test_folder(folder, sizeof folder);
    for (size_t i = 0; i < STEPS; i++) {
        step other[STEPS];
        comparison c;
        memcpy(other, plain, sizeof other);
        other[i].loss = (double)NAN;
        assert_int_equal(compare(folder, other, STEPS, &c), 0);
        assert_false(comparison_equal(&c));
        assert_int_equal(c.first, i);
        assert_string_equal(c.cause, "loss");
        assert_int_equal(c.entries, STEPS * 4 - 1);
        assert_int_equal(closeness_answer(&c.close), i < 2 ? CLOSE_NO : CLOSE_YES);
        comparison_free(&c);
    }
    test_folder_remove(folder);
}

/* ---- files ---- */

static void a_file_is_whole_or_known_to_be_larger(void **state)
{
    char folder[256], path[300];
    size_t size;
    char *text;
    FILE *f;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/f", folder);
    f = fopen(path, "w");
    for (int i = 0; i < 200000; i++)
        fputc(i % 251, f);
    fclose(f);
    text = file_read(path, 200000, &size);
    assert_int_equal(size, 200000);
    for (int i = 0; i < 200000; i++)
        assert_int_equal((uint8_t)text[i], i % 251);
    assert_int_equal(text[200000], 0);
    free(text);
    text = file_read(path, 199999, &size);
    assert_true(text != NULL && size > 199999);
    free(text);
    errno = 0;
    assert_null(file_read(folder, 10, &size));
    assert_int_equal(errno, EISDIR);
    remove(path);
    assert_null(file_read(path, 10, &size));
    assert_int_equal(errno, ENOENT);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_cause_is_the_first_thing_that_differs),
                                       cmocka_unit_test(tests_are_compared_where_both_are),
                                       cmocka_unit_test(each_name_has_its_meaning),
                                       cmocka_unit_test(gradients_that_are_not_there_are_not_equal),
                                       cmocka_unit_test(what_was_left_out_is_not_equal),
                                       cmocka_unit_test(what_one_alone_has_is_found_in_its_place),
                                       cmocka_unit_test(an_update_that_was_dropped),
                                       cmocka_unit_test(random_numbers_without_an_effect),
                                       cmocka_unit_test(equal_is_what_has_all_in_common),
                                       cmocka_unit_test(nan_of_one_of_two_differs),
                                       cmocka_unit_test(a_file_is_whole_or_known_to_be_larger)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
