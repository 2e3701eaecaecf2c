/* test_fixed.c - the text without drawing makes the same row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#define ROWS 12 /* of each stream */

static char *fixed_text(dp_pipeline *p, uint64_t batch)
{
    const size_t length = dp_fixed(p, batch, 0, NULL, 0);
    char *text = malloc(length + 1);

    assert_non_null(text);
    assert_int_equal(dp_fixed(p, batch, 0, text, length + 1), length);
    assert_int_equal(strlen(text), length);
    return text;
}

static int row_differs(dp_pipeline *p, const dp_batch *drawn, const char *text)
{
    dp_pipeline *again = test_open(text, 1, 0);
    dp_batch *row = NULL;
    int wrong = 0;

    assert_int_equal(dp_length(again), 1);
    assert_ok(dp_next(again, &row, &test_error));
    for (size_t i = 0; dp_column_name(p, i) != NULL; i++) {
        const dp_tensor *a = dp_batch_get(drawn, dp_column_name(p, i)),
                        *b = dp_batch_get(row, dp_column_name(p, i));
        assert_non_null(b);
        assert_int_equal(a->dtype, b->dtype);
        wrong += memcmp(a->data, b->data, test_bytes(b)) != 0;
    }
    if (wrong > 0)
        print_error("%s: not the row of %s\n", text, dp_spec(p));
    dp_close(again);
    return wrong;
}

/* A stream of the list of golden ones, and whether a text was there for each of its rows. */
static int check_stream(const char *spec, bool *all)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    dp_batch *b = NULL;
    int wrong = 0;

    *all = true;
    for (uint64_t i = 0; i < ROWS && i < dp_length(p); i++) {
        char *text = fixed_text(p, i);
        assert_ok(dp_next(p, &b, &test_error));
        if (text[0] == '\0')
            *all = false;
        else
            wrong += row_differs(p, b, text);
        free(text);
    }
    dp_close(p);
    return wrong;
}

/* Those without: no stage is these transforms with numbers given, rows are mixed, streams joined,
 * or a reader's batches are not rows. */
static bool has_none(const char *spec)
{
    static const char *const why[] = {"random_affine",   "random_color degrees",
                                      "auto_augment",    "rand_augment",
                                      "trivial_augment", "mixup",
                                      "cutmix",          " with=",
                                      "batched=true",    "pad_if_needed=true"};

    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
        if (strstr(spec, why[i]) != NULL)
            return true;
    }
    return false;
}

static void golden_streams(void **state)
{
    test_lines lines = test_lines_read("stages.txt");
    int wrong = 0;

    (void)state;
    assert_true(lines.n > 0);
    for (size_t i = 0; i < lines.n; i++) {
        const char *spec = strstr(lines.line[i], " : ") + 3;
        bool all;
        wrong += check_stream(spec, &all);
        if (all == has_none(spec))
            print_error("%s: %s\n", spec, all ? "has a text" : "has no text"), wrong++;
    }
    test_lines_free(&lines);
    assert_int_equal(wrong, 0);
}

/* Nothing is left behind of a text that is not whole; what is held; a value that must be quoted. */
static void texts(void **state)
{
    static const char *const cases[][2] = {
        {"synthetic | random_choice transforms=\"random_affine degrees=9\"", ""},
        {"synthetic | random_crop size=8 pad_if_needed=true", ""},
        {"memory | random_horizontal_flip prob=1",
         "memory columns=\"\" | subset_sampler indices=0 | horizontal_flip"},
        {"synthetic | random_auto_contrast prob=1",
         "synthetic num_records=10000 seed=1 | subset_sampler indices=0 | auto_contrast cutoff=0 "
         "ignore=\"\""},
        {"synthetic | random_erasing prob=0 | random_apply prob=0 transforms=\"random_invert "
         "prob=1\"",
         "synthetic num_records=10000 seed=1 | subset_sampler indices=0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dp_pipeline *p = test_open(cases[i][0], 1, 0);
        char *text = fixed_text(p, 0);
        assert_string_equal(text, cases[i][1]);
        free(text);
        dp_close(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_streams),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
