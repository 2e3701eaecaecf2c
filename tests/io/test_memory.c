/* test_memory.c - arrays of the caller's: the same records as from a file, and wrong arrays
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/tensor.h"
#include "tests/support/arrays.h"
#include "tests/support/test.h"

static dp_status open_arrays(dp_pipeline **p, const char *spec, const dp_array *arrays)
{
    const dp_options options = {
        .size = sizeof options, .threads = 2, .prefetch = 2, .arrays = arrays};

    return dp_open(p, spec, 1, &options, &test_error);
}

static void records_are_the_arrays(void **state)
{
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    assert_ok(open_arrays(&p, "memory | batch batch_size=2", test_arrays));
    assert_int_equal(dp_length(p), 3);
    assert_ok(dp_seek(p, 1, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    for (const dp_array *a = test_arrays; a->name != NULL; a++) {
        const dp_tensor *t = dp_batch_get(b, a->name);
        const size_t bytes = dp_tensor_bytes(t);
        assert_int_equal(t->dtype, a->tensor.dtype);
        assert_int_equal(t->rank, a->tensor.rank);
        assert_int_equal(t->shape[0], 2);
        assert_memory_equal(t->data, (const uint8_t *)a->tensor.data + bytes, bytes);
    }
    assert_int_equal(((const int64_t *)dp_batch_get(b, "id")->data)[0], 2);
    dp_close(p);
}

/* Photographs read by cifar10, given back as an array: identity and stream are those of the file.
 */
static void equals_a_file(void **state)
{
    const char *spec = "cifar10 strict=false usage=test | batch batch_size=40";
    const char *rest = " | random_crop size=32 padding=4 | batch batch_size=7 | repeat count=3";
    char text[256];
    uint8_t digests[2][16];
    dp_pipeline *all = test_open(spec, 1, 0), *p;
    dp_batch *b = NULL;
    dp_array arrays[3] = {{"image", {0}}, {"label", {0}}, {0}};
    test_hex expected;

    (void)state;
    assert_ok(dp_next(all, &b, &test_error));
    arrays[0].tensor = *dp_batch_get(b, "image");
    arrays[1].tensor = *dp_batch_get(b, "label");
    snprintf(text, sizeof text, "cifar10 strict=false usage=test | shuffle%s", rest);
    p = test_open(text, 2, 2);
    assert_ok(dp_dataset_digest(p, digests[0], &test_error));
    expected = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    snprintf(text, sizeof text, "memory | shuffle%s", rest);
    assert_ok(open_arrays(&p, text, arrays));
    assert_ok(dp_dataset_digest(p, digests[1], &test_error));
    assert_memory_equal(digests[0], digests[1], 16);
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text, expected.text);
    dp_close(p);
    dp_close(all);
}

static void labels_are_counted(void **state)
{
    dp_pipeline *p;

    (void)state;
    assert_ok(
        open_arrays(&p, "memory columns=label | one_hot column=label num_classes=4", test_arrays));
    assert_null(dp_output(p, "image"));
    dp_close(p);
    assert_int_equal(open_arrays(&p, "memory | one_hot column=label num_classes=3", test_arrays),
                     DP_ESPEC);
}

static void no_record_is_no_error(void **state)
{
    const dp_array empty[] = {{"x", {NULL, DP_F32, 2, {0, 4}}}, {0}};
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    assert_ok(open_arrays(&p, "memory", empty));
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    dp_close(p);
}

static void refused(const char *spec, const dp_array *arrays, dp_status expected, const char *words)
{
    dp_pipeline *p = NULL;

    assert_int_equal(open_arrays(&p, spec, arrays), expected);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("'%s' does not say '%s'", test_error.message, words);
}

static void wrong_arrays_are_refused(void **state)
{
    static uint8_t data[8];
    const dp_array few[] = {{"a", {data, DP_U8, 1, {8}}}, {"b", {data, DP_U8, 1, {7}}}, {0}};
    const dp_array twice[] = {{"a", {data, DP_U8, 1, {8}}}, {"a", {data, DP_U8, 1, {8}}}, {0}};
    const dp_array id[] = {{"id", {data, DP_U8, 1, {8}}}, {0}};
    const dp_array no_data[] = {{"a", {NULL, DP_U8, 1, {8}}}, {0}};
    const dp_array no_dtype[] = {{"a", {data, (dp_dtype)77, 1, {8}}}, {0}};
    const dp_array scalar[] = {{"a", {data, DP_U8, 0, {0}}}, {0}};
    const dp_array negative[] = {{"a", {data, DP_U8, 2, {2, -4}}}, {0}};
    const dp_array large[] = {{"a", {data, DP_F64, 2, {1, INT64_MAX / 4}}}, {0}};

    (void)state;
    refused("memory", NULL, DP_EINVAL, "dp_options.arrays is empty");
    refused("memory", few, DP_EINVAL, "'b' has 7 records, 'a' 8");
    refused("memory", twice, DP_ESPEC, "two columns 'a'");
    refused("memory", id, DP_ESPEC, "two columns 'id'");
    refused("memory", no_data, DP_EINVAL, "'a' is uint8[8] and its data is NULL");
    refused("memory", no_dtype, DP_EINVAL, "'a' has dtype 77");
    refused("memory", scalar, DP_EINVAL, "'a' has rank 0");
    refused("memory", negative, DP_EINVAL, "'a' is uint8[2, -4]");
    refused("memory", large, DP_EINVAL, "'a' is float64[1, 2305843009213693951]");
    refused("memory columns=a,c", few, DP_ESPEC, "has no 'c'");
    refused("memory columns=a,a", few, DP_ESPEC, "two columns 'a'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_the_arrays),   cmocka_unit_test(equals_a_file),
        cmocka_unit_test(labels_are_counted),       cmocka_unit_test(no_record_is_no_error),
        cmocka_unit_test(wrong_arrays_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
