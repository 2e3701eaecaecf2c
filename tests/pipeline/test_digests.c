/* test_digests.c - batches that are digested as they are made, and batches that are made in slices
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "tests/support/test.h"

/* A row of 227x227 has 618 KB: six are claimed at a time. */
#define LARGE "synthetic num_records=70 | resize size=227 | rescale rescale=1/255"

static const char *const texts[] = {
    "synthetic num_records=10",
    "range count=5000 | batch batch_size=7",
    "synthetic num_records=100 | shuffle | random_crop size=32 padding=4 | rescale rescale=1/255"
    " | hwc2chw | batch batch_size=16 | repeat count=3",
    "synthetic num_records=9 | project columns=label,image | batch batch_size=4 "
    "drop_remainder=true",
    "range count=6 | batch batch_size=4 | zip with=\"synthetic num_records=9 | project "
    "columns=image | batch batch_size=3\"",
    "synthetic num_records=9 | project columns=image | batch batch_size=3 | zip with=\"range "
    "count=20 | batch batch_size=8\"",
    "synthetic num_records=20 | rescale rescale=1 | one_hot column=label num_classes=10 | "
    "type_cast column=label data_type=float32 | batch batch_size=6 | mixup",
    LARGE " | batch batch_size=64",
    LARGE " | rescale rescale=1 | one_hot column=label num_classes=10 | type_cast column=label "
          "data_type=float32 | batch batch_size=32 | mixup",
};
#define N_TEXTS (sizeof texts / sizeof texts[0])

static dp_pipeline *open_text(const char *text, uint32_t threads, uint32_t digests,
                              const dp_array *arrays)
{
    const dp_options options = {.size = sizeof options,
                                .threads = threads,
                                .prefetch = threads - 1,
                                .digests = digests,
                                .arrays = arrays};
    dp_pipeline *p;

    assert_ok(dp_open(&p, text, 1, &options, &test_error));
    return p;
}

static void made_with_the_batches(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TEXTS; i++) {
        dp_pipeline *p = open_text(texts[i], 1, 0, NULL);
        const test_hex expected = test_stream_digest(p, UINT64_MAX);
        dp_close(p);
        for (uint32_t threads = 1; threads <= 4; threads++) {
            for (uint32_t digests = 0; digests < 2; digests++) {
                p = open_text(texts[i], threads, digests, NULL);
                assert_string_equal(test_stream_digest(p, UINT64_MAX).text, expected.text);
                dp_close(p);
            }
        }
    }
}

/* Moving while a batch is begun: nothing of it is left when another is made. */
static void seeking_among_slices(void **state)
{
    const char *text = LARGE " | batch batch_size=35 | repeat count=3";
    dp_pipeline *straight = open_text(text, 1, 0, NULL), *p = open_text(text, 4, 1, NULL);
    test_hex expected[6];

    (void)state;
    for (uint64_t i = 0; i < 6; i++)
        expected[i] = test_stream_digest(straight, 1);
    for (uint64_t i = 0; i < 60; i++) {
        assert_ok(dp_seek(p, 5 * i % 6, &test_error));
        assert_string_equal(test_stream_digest(p, 1).text, expected[5 * i % 6].text);
    }
    dp_close(straight);
    dp_close(p);
}

/* What the caller writes into a batch shows in a digest that is made when it is asked for. */
static void of_what_was_made(void **state)
{
    (void)state;
    for (uint32_t digests = 0; digests < 2; digests++) {
        dp_pipeline *p = open_text("range count=8 | batch batch_size=4", 2, digests, NULL);
        uint8_t before[16], after[16];
        dp_batch *b = NULL;
        assert_ok(dp_next(p, &b, &test_error));
        dp_batch_digest(b, before);
        *(int64_t *)dp_batch_get(b, "id")->data ^= 1;
        dp_batch_digest(b, after);
        assert_int_equal(memcmp(before, after, 16) == 0, digests);
        dp_close(p);
    }
}

/* A NaN is hashed as the canonical one, in whatever place of whatever row. */
static void every_nan_is_one(void **state)
{
    static float values[3000], others[3000];
    const dp_array arrays[][2] = {{{"x", {values, DP_F32, 2, {1000, 3}}}, {0}},
                                  {{"x", {others, DP_F32, 2, {1000, 3}}}, {0}}};
    const uint32_t nan = 0xFFC12345;

    (void)state;
    for (int at = 0; at < 3000; at += 37) {
        test_hex digests[2][2];
        memset(values, 0, sizeof values);
        memset(others, 0, sizeof others);
        values[at] = NAN;
        memcpy(&others[at], &nan, 4);
        for (uint32_t i = 0; i < 4; i++) {
            dp_pipeline *p = open_text("memory | batch batch_size=999", 1, i % 2, arrays[i / 2]);
            digests[i / 2][i % 2] = test_stream_digest(p, UINT64_MAX);
            assert_string_equal(digests[i / 2][i % 2].text, digests[0][0].text);
            dp_close(p);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_with_the_batches),
        cmocka_unit_test(seeking_among_slices),
        cmocka_unit_test(of_what_was_made),
        cmocka_unit_test(every_nan_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
