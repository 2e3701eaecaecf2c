/* test_synthetic.c - images made from a seed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

static test_hex digest_of(const char *spec)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    const test_hex h = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return h;
}

static void a_record_is_a_function_of_seed_and_number(void **state)
{
    (void)state;
    assert_string_equal(digest_of("synthetic num_records=50 | take count=20").text,
                        digest_of("synthetic num_records=20 | take count=20").text);
    assert_string_not_equal(digest_of("synthetic num_records=20").text,
                            digest_of("synthetic num_records=20 seed=2").text);
}

/* The pipeline's seed is not the stage's: images stay. */
static void the_pipelines_seed_changes_nothing(void **state)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *p;

    (void)state;
    assert_ok(dp_open(&p, "synthetic num_records=20", 99, &options, &test_error));
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text,
                        digest_of("synthetic num_records=20").text);
    dp_close(p);
}

/* A data set without end, nearly: nothing reads it whole. */
static void identity_reads_nothing(void **state)
{
    dp_pipeline *a = test_open("synthetic num_records=1000000000000", 1, 0);
    dp_pipeline *b = test_open("synthetic num_records=1000000000000 seed=2", 1, 0);
    uint8_t of_a[16], of_b[16];
    dp_state s;

    (void)state;
    assert_ok(dp_dataset_digest(a, of_a, &test_error));
    assert_ok(dp_dataset_digest(b, of_b, &test_error));
    assert_memory_not_equal(of_a, of_b, 16);
    assert_ok(dp_seek(a, 999999999999, &test_error));
    assert_ok(dp_get_state(a, &s, &test_error));
    assert_ok(dp_seek(a, 0, &test_error));
    assert_ok(dp_set_state(a, &s, &test_error));
    assert_int_equal(dp_tell(a), 999999999999);
    dp_close(a);
    dp_close(b);
}

static void every_class_occurs(void **state)
{
    dp_pipeline *p = test_open("synthetic num_records=1000 | batch batch_size=1000", 1, 0);
    dp_batch *b = NULL;
    int count[10] = {0};

    (void)state;
    assert_ok(dp_next(p, &b, &test_error));
    for (int i = 0; i < 1000; i++)
        count[((const uint32_t *)dp_batch_get(b, "label")->data)[i]]++;
    for (int c = 0; c < 10; c++)
        assert_in_range(count[c], 50, 150);
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_function_of_seed_and_number),
        cmocka_unit_test(the_pipelines_seed_changes_nothing),
        cmocka_unit_test(identity_reads_nothing),
        cmocka_unit_test(every_class_occurs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
