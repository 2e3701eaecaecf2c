/* test_map_label.c - labels by a list, of every integer type
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/tensor.h"
#include "tests/support/test.h"

/* Row 10 k + i of range has label i. */
static void maps(void **state)
{
    static const char *const types[] = {"int8",  "int16",  "int32",  "int64",
                                        "uint8", "uint16", "uint32", "uint64"};
    static const int64_t to[10] = {3, 3, 1, 0, 127, 5, 1, 7, 100, 2};

    (void)state;
    for (size_t t = 0; t < 8; t++) {
        char spec[300];
        const dp_tensor *label;
        dp_batch *b = NULL;
        dp_pipeline *p;
        snprintf(spec, sizeof spec,
                 "range count=31 | type_cast column=label data_type=%s | map_label "
                 "labels=3,3,1,0,127,5,1,7,100,2 | batch batch_size=31",
                 types[t]);
        p = test_open(spec, 1, 0);
        assert_ok(dp_next(p, &b, &test_error));
        label = dp_batch_get(b, "label");
        assert_string_equal(dp_dtype_name(label->dtype), types[t]);
        for (size_t i = 0; i < 31; i++)
            assert_int_equal(dp_load_int(label->data, label->dtype, i), to[i % 10]);
        dp_close(p);
    }
}

/* What is known of the labels goes on: one_hot needs as many classes as there are now. */
static void says_classes(void **state)
{
    dp_pipeline *p = test_open("cifar10 strict=false | map_label labels=0,0,1,1,1,1,1,1,0,0 | "
                               "one_hot column=label num_classes=2",
                               1, 0);

    (void)state;
    assert_int_equal(dp_output(p, "label")->shape[0], 2);
    dp_close(p);
    p = test_open(
        "range count=9 num_classes=3 | rename input_columns=label output_columns=kind | map_label "
        "column=kind labels=4294967295,7,8,9",
        1, 0);
    assert_int_equal(dp_length(p), 9);
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(maps), cmocka_unit_test(says_classes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
