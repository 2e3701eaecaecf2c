/* test_joins.c - joined streams deliver what their parts deliver alone
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/rng.h"
#include "tests/support/test.h"

#define A "synthetic num_records=7 seed=1"
#define B "synthetic num_records=5 seed=2"

static const void *column_of(dp_pipeline *p, dp_batch **b, uint64_t at, const char *name, size_t *n)
{
    const dp_tensor *t;

    assert_ok(dp_seek(p, at, &test_error));
    assert_ok(dp_next(p, b, &test_error));
    t = dp_batch_get(*b, name);
    assert_non_null(t);
    *n = test_bytes(t);
    return t->data;
}

/* Column `name` of row `at` of one text is `other` of row `from` of another. */
static void must_be(const char *spec, uint64_t at, const char *name, const char *part,
                    uint64_t from, const char *other)
{
    dp_pipeline *p = test_open(spec, 3, 2), *q = test_open(part, 1, 0);
    dp_batch *a = NULL, *b = NULL;
    size_t n, m;
    const void *mine = column_of(p, &a, at, name, &n), *theirs = column_of(q, &b, from, other, &m);

    if (n != m || memcmp(mine, theirs, n) != 0)
        fail_msg("%s of row %llu of %s\nis not %s of row %llu of %s", name, (unsigned long long)at,
                 spec, other, (unsigned long long)from, part);
    dp_close(p);
    dp_close(q);
}

/* Every branch with and without transforms of its own, and with one above. */
static void concat(void **state)
{
    static const char *const first[] = {"", " | shuffle | random_crop size=32 padding=4",
                                        " | crop coordinates=0,0 size=32 | invert"};
    static const char *const second[] = {"", " | random_horizontal_flip | random_sampler",
                                         " | random_rotation degrees=20"};

    (void)state;
    for (int i = 0; i < 9; i++) {
        char spec[800], a[256], b[256], above[900];
        snprintf(a, sizeof a, A "%s", first[i / 3]);
        snprintf(b, sizeof b, B "%s", second[i % 3]);
        snprintf(spec, sizeof spec, "%s | concat with=\"%s\"", a, b);
        snprintf(above, sizeof above, "%s | random_vertical_flip prob=1 | vertical_flip", spec);
        for (uint64_t row = 0; row < 12; row++) {
            const bool in_first = row < 7;
            must_be(spec, row, "image", in_first ? a : b, in_first ? row : row - 7, "image");
            must_be(above, row, "label", in_first ? a : b, in_first ? row : row - 7, "label");
            must_be(above, row, "image", in_first ? a : b, in_first ? row : row - 7, "image");
        }
    }
}

/* What stands above a join is drawn for the joined rows: as for one data set of all of them. */
static void draws_above(void **state)
{
    dp_pipeline *joined = test_open(A " | concat with=\"" B "\" | random_crop size=20", 1, 0);
    dp_pipeline *one = test_open("synthetic num_records=12 | random_crop size=20", 1, 0);
    char mine[128], theirs[128];

    (void)state;
    for (uint64_t row = 0; row < 12; row++) {
        assert_true(dp_draws(joined, row, 0, mine, sizeof mine) > 0);
        dp_draws(one, row, 0, theirs, sizeof theirs);
        assert_string_equal(mine, theirs);
    }
    dp_close(joined);
    dp_close(one);
}

static void zip(void **state)
{
    static const char spec[] =
        A " | shuffle | random_crop size=24 | zip with=\"" B " | project columns=image | "
          "random_horizontal_flip | rename input_columns=image output_columns=second | shuffle\""
          " | invert column=second | project columns=second,label,image";

    (void)state;
    for (uint64_t row = 0; row < 5; row++) {
        must_be(spec, row, "image", A " | shuffle | random_crop size=24", row, "image");
        must_be(spec, row, "label", A " | shuffle | random_crop size=24", row, "label");
    }
    must_be("synthetic num_records=3 | zip with=\"" B " | project columns=image | rename "
            "input_columns=image output_columns=second\" | invert column=second",
            2, "second", B " | invert", 2, "image");
}

/* A concat inside a zip, columns of one name in other places, columns that are dropped. */
static void nested(void **state)
{
    static const char spec[] =
        "range count=4 | zip with=\"" A " | take count=2 | concat with=\\\"" B
        " | invert | rename input_columns=id,label output_columns=label,id | rename "
        "input_columns=label,id output_columns=id,label\\\" | project columns=image\"";
    dp_pipeline *p = test_open(spec, 2, 1);

    (void)state;
    assert_int_equal(dp_length(p), 4);
    assert_string_equal(dp_column_name(p, 2), "image");
    assert_null(dp_column_name(p, 3));
    dp_close(p);
    must_be(spec, 1, "image", A, 1, "image");
    must_be(spec, 3, "image", B " | invert", 1, "image");
    must_be(spec, 3, "id", "range count=4", 3, "id");
}

/* Batches side by side keep their own lengths. */
static void batches(void **state)
{
    dp_pipeline *p = test_open("range count=6 | batch batch_size=4 | zip with=\"" B
                               " | invert | project columns=image,id | rename input_columns=id "
                               "output_columns=second | batch batch_size=3\"",
                               3, 2);
    dp_pipeline *q = test_open(B " | invert | batch batch_size=3", 1, 0);
    static const int64_t lengths[2][2] = {{4, 3}, {2, 2}};
    dp_batch *b = NULL, *c = NULL;

    (void)state;
    assert_int_equal(dp_length(p), 2);
    assert_int_equal(dp_output(p, "id")->shape[0], 4);
    assert_int_equal(dp_output(p, "image")->shape[0], 3);
    for (int64_t i = 0; i < 2; i++) {
        const dp_tensor *id, *image;
        assert_ok(dp_next(p, &b, &test_error));
        assert_ok(dp_next(q, &c, &test_error));
        id = dp_batch_get(b, "id");
        image = dp_batch_get(b, "image");
        assert_int_equal(id->shape[0], lengths[i][0]);
        assert_int_equal(image->shape[0], lengths[i][1]);
        for (int64_t row = 0; row < id->shape[0]; row++)
            assert_int_equal(((const int64_t *)id->data)[row], 4 * i + row);
        assert_int_equal(test_bytes(image), test_bytes(dp_batch_get(c, "image")));
        assert_memory_equal(image->data, dp_batch_get(c, "image")->data, test_bytes(image));
    }
    dp_close(p);
    dp_close(q);
}

/* ---- mix ---- */

static int64_t record_of(dp_pipeline *p, uint64_t row, int reader)
{
    int64_t records[2];
    size_t rows, readers;

    assert_ok(dp_records(p, row, records, 2, &rows, &readers, &test_error));
    assert_int_equal(rows, 1);
    assert_int_equal(readers, 2);
    assert_int_equal(records[1 - reader], -1);
    return records[reader];
}

/* Row by row: what the other stream is owed grows by its share with each row, and is paid in whole
 * rows; an epoch ends where a stream has none. */
static void check_mix(const char *shares, uint64_t a, uint64_t b, uint64_t n, uint64_t m)
{
    char spec[300];
    uint64_t owed = 0, mine = 0, theirs = 0, row = 0;
    dp_pipeline *p;

    snprintf(spec, sizeof spec, "range count=%llu | mix with=\"range count=%llu\" shares=%s",
             (unsigned long long)n, (unsigned long long)m, shares);
    p = test_open(spec, 1, 0);
    for (;; row++) {
        owed += b;
        if (owed >= a + b ? theirs == m : mine == n)
            break;
        if (row >= dp_length(p))
            fail_msg("%s ends after %llu rows", spec, (unsigned long long)dp_length(p));
        if (owed >= a + b) {
            assert_int_equal(record_of(p, row, 1), theirs++);
            owed -= a + b;
        } else {
            assert_int_equal(record_of(p, row, 0), mine++);
        }
    }
    if (dp_length(p) != row)
        fail_msg("%s has %llu rows, not %llu", spec, (unsigned long long)dp_length(p),
                 (unsigned long long)row);
    dp_close(p);
}

static void mix(void **state)
{
    static const struct {
        const char *shares;
        uint64_t a, b;
    } fractions[] = {{"0.7,0.3", 7, 3},
                     {"1/3,2/3", 1, 2},
                     {"0.999999,0.000001", 999999, 1},
                     {"0.5,0.5", 1, 1},
                     {"0.123,0.877", 123, 877},
                     {"1,1000000", 1, 1000000},
                     {"1000000,1", 1000000, 1},
                     {"3,3", 1, 1}};
    const uint64_t seed = test_seed();
    dp_rng rng;

    (void)state;
    for (size_t i = 0; i < sizeof fractions / sizeof fractions[0]; i++) {
        check_mix(fractions[i].shares, fractions[i].a, fractions[i].b, 31, 17);
        check_mix(fractions[i].shares, fractions[i].a, fractions[i].b, 1, 65537);
    }
    dp_rng_start(&rng, seed, 0, 0);
    for (int i = 0; i < 300; i++) {
        const uint64_t a = 1 + dp_rng_below(&rng, 30), b = 1 + dp_rng_below(&rng, 30);
        char shares[60];
        snprintf(shares, sizeof shares, "%llu,%llu", (unsigned long long)a, (unsigned long long)b);
        check_mix(shares, a, b, 1 + dp_rng_below(&rng, 50), 1 + dp_rng_below(&rng, 50));
    }
}

/* Streams without an end, and rows far away: by arithmetic. */
static void mix_far(void **state)
{
    dp_pipeline *p = test_open(
        "range count=5 | repeat | mix with=\"range count=7 | repeat\" shares=0.7,0.3", 1, 0);
    const uint64_t far = (uint64_t)1 << 40; /* rows / 10 * 3 are the other's before it */

    (void)state;
    assert_true(dp_length(p) == UINT64_MAX);
    assert_int_equal(record_of(p, 10 * far, 0), 7 * far % 5);
    assert_int_equal(record_of(p, 10 * far + 3, 1), 3 * far % 7);
    assert_int_equal(record_of(p, 10 * far + 9, 1), (3 * far + 2) % 7);
    dp_close(p);
    p = test_open("range count=5 | repeat | mix with=\"range count=7\" shares=0.7,0.3", 1, 0);
    assert_int_equal(dp_length(p), 26); /* the eighth row of the other would be number 26 */
    dp_close(p);
    p = test_open("range count=0 | mix with=\"range count=7\" shares=1,9", 1, 0);
    assert_int_equal(dp_length(p), 0);
    dp_close(p);
}

/* Each stream's rows are what they are alone, and mixes of mixes have three. */
static void mix_parts(void **state)
{
    static const char a[] = A " | shuffle | random_crop size=32 padding=4",
                      b[] = B " | random_horizontal_flip";
    char spec[400];

    (void)state;
    snprintf(spec, sizeof spec, "%s | mix with=\"%s\" shares=2,1", a, b);
    for (uint64_t row = 0; row < 10; row++)
        must_be(spec, row, "image", row % 3 == 2 ? b : a, row % 3 == 2 ? row / 3 : row - row / 3,
                "image");
    snprintf(
        spec, sizeof spec,
        "%s | mix with=\"%s\" shares=2,1 | mix with=\"synthetic num_records=9 seed=3\" shares=0.5,0.5",
        a, b);
    must_be(spec, 4, "image", b, 0, "image");
    must_be(spec, 5, "image", "synthetic num_records=9 seed=3", 2, "image");
}

/* The identity of the data set covers every reader. */
static void identity(void **state)
{
    dp_pipeline *p = test_open(A " | concat with=\"" B "\"", 1, 0);
    dp_pipeline *q = test_open(A " | concat with=\"synthetic num_records=5 seed=3\"", 1, 0);
    uint8_t a[16], b[16];

    (void)state;
    assert_ok(dp_dataset_digest(p, a, &test_error));
    assert_ok(dp_dataset_digest(q, b, &test_error));
    assert_memory_not_equal(a, b, 16);
    dp_close(p);
    dp_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concat), cmocka_unit_test(draws_above), cmocka_unit_test(zip),
        cmocka_unit_test(nested), cmocka_unit_test(batches),     cmocka_unit_test(identity),
        cmocka_unit_test(mix),    cmocka_unit_test(mix_far),     cmocka_unit_test(mix_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
