/* test_info.c - what dp_get_info tells is what the stream does
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

/* texts, and what there is to know of them */
static const struct {
    const char *spec;
    dp_info info;
} rows[] = {
    {"range count=10", {0, 0, 0, 1, 2, 1, 10, 1, 0, 0}},
    {"range count=10 | batch batch_size=4", {0, 1, 0, 1, 2, 4, 3, 1, 0, 0}},
    {"range count=10 | batch batch_size=4 | repeat count=5", {0, 1, 0, 1, 2, 4, 3, 5, 0, 0}},
    {"range count=10 | repeat count=5", {0, 0, 0, 1, 2, 1, 10, 5, 0, 0}},
    {"range count=10 | batch batch_size=4 | repeat", {0, 1, 0, 1, 2, 4, 3, UINT64_MAX, 0, 0}},
    {"range count=10 | repeat count=2 | batch batch_size=4", {0, 1, 0, 1, 2, 4, 5, 1, 0, 0}},
    {"range count=10 | repeat | batch batch_size=4", {0, 1, 0, 1, 2, 4, UINT64_MAX, 1, 0, 0}},
    {"range count=10 | batch batch_size=4 | repeat count=5 | take count=7",
     {0, 1, 0, 1, 2, 4, 7, 1, 0, 0}},
    {"range count=10 | batch batch_size=64", {0, 1, 0, 1, 2, 64, 1, 1, 0, 0}},
    {"range count=10 | shuffle | batch batch_size=4 drop_remainder=true",
     {0, 1, 1, 1, 2, 4, 2, 1, 0, 0}},
    {"synthetic num_records=8 | random_horizontal_flip", {0, 0, 1, 1, 3, 1, 8, 1, 0, 0}},
    {"synthetic num_records=8 | random_apply transforms=\"horizontal_flip\"",
     {0, 0, 1, 1, 3, 1, 8, 1, 0, 0}},
    {"synthetic num_records=8 | rescale rescale=1 | one_hot column=label num_classes=10 | type_cast column=label data_type=float32 | batch batch_size=4 | mixup",
     {0, 1, 1, 1, 3, 4, 2, 1, 0, 0}},
    {"synthetic num_records=8 | horizontal_flip", {0, 0, 0, 1, 3, 1, 8, 1, 0, 0}},
    {"range count=10 | project columns=id | batch batch_size=4 | zip "
     "with=\"synthetic num_records=6 | random_sampler | project columns=image | batch batch_size=4\"",
     {0, 1, 1, 2, 2, 4, 2, 1, 0, 0}},
    {"range count=16 | batch batch_size=8 | shard num_shards=4 shard_id=1",
     {0, 1, 0, 1, 2, 2, 2, 1, 0, 0}},
    {"range count=4 | concat with=\"range count=4 | skip count=2\"",
     {0, 0, 0, 2, 2, 1, 6, 1, 0, 0}},
};

static void told_of_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dp_pipeline *p = test_open(rows[i].spec, 1, 0);
        dp_info info = {.size = sizeof info}, expected = rows[i].info;

        print_message("%s\n", rows[i].spec);
        expected.size = sizeof expected;
        assert_ok(dp_get_info(p, &info, &test_error));
        assert_memory_equal(&info, &expected, sizeof info);
        dp_close(p);
    }
}

/* The counts agree with the calls that they save. */
static void told_is_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dp_pipeline *p = test_open(rows[i].spec, 1, 0);
        dp_info info = {.size = sizeof info};
        size_t n_rows = 0, n_readers = 0;

        assert_ok(dp_get_info(p, &info, &test_error));
        assert_non_null(dp_column_name(p, info.n_columns - 1));
        assert_null(dp_column_name(p, info.n_columns));
        if (info.epochs != UINT64_MAX && info.epoch_batches != UINT64_MAX)
            assert_int_equal(dp_length(p), info.epochs * info.epoch_batches);
        else
            assert_int_equal(dp_length(p), UINT64_MAX);
        if (dp_length(p) > 0) {
            assert_ok(dp_records(p, 0, NULL, 0, &n_rows, &n_readers, &test_error));
            assert_true(n_rows <= info.batch_rows);
            assert_int_equal(n_readers, info.n_readers);
        }
        dp_close(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(told_of_texts),
                                       cmocka_unit_test(told_is_done)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
