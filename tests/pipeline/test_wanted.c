/* test_wanted.c - rows that nobody wants are not read; those that are wanted are the stream's
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdatomic.h>

#include "base/tensor.h"
#include "tests/support/test.h"

#define N_RECORDS 100
#define SIDE      6
#define PIXELS    ((size_t)SIDE * SIDE * 3)
#define BATCHES   "album | shuffle | random_crop size=4 padding=1 | rescale rescale=1/255"
#define SPEC      BATCHES " | batch batch_size=7 | repeat count=2"

static const dp_column columns[] = {
    {"image", {NULL, DP_U8, 3, {SIDE, SIDE, 3}}, 0},
    {"label", {NULL, DP_U32, 0, {0}}, 10},
    {NULL, {NULL, (dp_dtype)0, 0, {0}}, 0},
};

static dp_status read_one(void *ctx, uint64_t record, void *const out[], dp_error *err)
{
    _Atomic uint64_t *reads = ctx;
    uint8_t *pixels = out[0];

    (void)err;
    atomic_fetch_add(reads, 1);
    for (size_t i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)(record * 31 + i);
    *(uint32_t *)out[1] = (uint32_t)(record % 10);
    return DP_OK;
}

static dp_pipeline *open_it(const char *spec, _Atomic uint64_t *reads, uint32_t threads,
                            int digests)
{
    const dp_own_reader reader = {.size = sizeof reader,
                                  .name = "album",
                                  .n_records = N_RECORDS,
                                  .columns = columns,
                                  .ctx = reads,
                                  .read = read_one};
    const dp_own_reader *readers[] = {&reader, NULL};
    const dp_options options = {.size = sizeof options,
                                .threads = threads,
                                .prefetch = threads > 1 ? 3 : 0,
                                .digests = digests,
                                .readers = readers};
    dp_pipeline *p;

    assert_ok(dp_open(&p, spec, 5, &options, &test_error));
    return p;
}

/* Every third row, another one in each batch length. */
static int third(void *ctx, uint64_t n_rows, uint64_t row)
{
    (void)ctx;
    return (n_rows + row) % 3 == 0;
}

static bool row_is_equal(const dp_batch *a, const dp_batch *b, const char *name, uint64_t row)
{
    const dp_tensor *x = dp_batch_get(a, name), *y = dp_batch_get(b, name);
    const size_t bytes = dp_tensor_bytes(x) / (size_t)x->shape[0];

    return memcmp((char *)x->data + row * bytes, (char *)y->data + row * bytes, bytes) == 0;
}

/* From batch `from` on; how many rows were wanted. */
static uint64_t compare(dp_pipeline *whole, dp_pipeline *part, uint64_t from)
{
    dp_batch *a = NULL, *b = NULL;
    uint64_t wanted = 0;

    assert_ok(dp_seek(whole, from, &test_error));
    while (dp_next(whole, &a, &test_error) == DP_OK) {
        assert_ok(dp_next(part, &b, &test_error));
        const uint64_t n = (uint64_t)dp_batch_get(b, "image")->shape[0];
        assert_int_equal(n, dp_batch_get(a, "image")->shape[0]);
        for (uint64_t row = 0; row < n; row++) {
            if (!third(NULL, n, row))
                continue;
            wanted++;
            assert_true(row_is_equal(a, b, "image", row) && row_is_equal(a, b, "label", row));
        }
    }
    assert_int_equal(dp_next(part, &b, &test_error), DP_END);
    return wanted;
}

static void only_wanted_rows_are_read(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        _Atomic uint64_t reads = 0, unseen = 0;
        dp_pipeline *whole = open_it(SPEC, &unseen, 1, 0),
                    *part = open_it(SPEC, &reads, threads, 0);
        dp_batch *b = NULL;
        uint64_t before, wanted;

        assert_ok(dp_next(part, &b, &test_error)); /* whole, and the next one is not */
        assert_ok(dp_set_wanted(part, third, NULL, &test_error));
        assert_int_equal(dp_tell(part), 1);
        before = reads;
        wanted = compare(whole, part, 1);
        if (threads == 1) /* else some are read ahead at any moment */
            assert_int_equal(reads - before, wanted);
        assert_true(wanted > 40 && wanted < 90);
        assert_ok(dp_set_wanted(part, NULL, NULL, &test_error)); /* all again */
        before = reads;
        assert_ok(dp_seek(part, 0, &test_error));
        compare(whole, part, 0);
        assert_int_equal(reads - before, 2 * N_RECORDS);
        dp_close(part);
        dp_close(whole);
    }
}

/* What needs all rows of a batch makes them. */
static void mixed_and_digested_batches_are_whole(void **state)
{
    static const char *const specs[] = {
        SPEC, BATCHES
        " | one_hot column=label num_classes=10 | type_cast column=label data_type=float32 | batch batch_size=7 | mixup alpha=1"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        _Atomic uint64_t reads = 0;
        uint8_t a[16], b[16];
        dp_pipeline *p = open_it(specs[i], &reads, 1, i == 0);
        dp_batch *batch = NULL;

        assert_ok(dp_next(p, &batch, &test_error));
        dp_batch_digest(batch, a);
        assert_ok(dp_set_wanted(p, third, NULL, &test_error));
        assert_ok(dp_seek(p, 0, &test_error));
        assert_ok(dp_next(p, &batch, &test_error));
        dp_batch_digest(batch, b);
        assert_memory_equal(a, b, 16);
        dp_close(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_wanted_rows_are_read),
        cmocka_unit_test(mixed_and_digested_batches_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
