/* test_own_shapes.c - a caller's own reader whose records differ in shape: texts of a few bytes, or
 * of none
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A column of bytes and one of pairs of floats, each as long as its record: delivered as they are,
 * written into snapshots and read back, for every number of threads and from every place.
 */
#include <unistd.h>

#include "io/snapshot/file.h"
#include "tests/support/snapshot.h"

#define N    40
#define MOST 9

static const char *const path = test_snapshot_path;

/* What a program may have, and a record that it lies about. */
typedef struct texts {
    int64_t lies_of, says; /* the record, and its length there */
    int64_t lengths[N];
} texts;

static texts all;

static dp_status read_text(void *ctx, uint64_t record, void *const columns[], dp_error *err)
{
    const int64_t length = ((const texts *)ctx)->lengths[record];

    (void)err;
    for (int64_t i = 0; i < length; i++) {
        ((uint8_t *)columns[0])[i] = (uint8_t)(record * 31 + (uint64_t)i * 7);
        ((float *)columns[1])[2 * i] = (float)i;
        ((float *)columns[1])[2 * i + 1] = -(float)record;
    }
    *(uint32_t *)columns[2] = (uint32_t)length;
    return DP_OK;
}

static void shape_of(void *ctx, uint64_t record, size_t column, int64_t *shape)
{
    const texts *t = ctx;

    assert_true(column < 2);
    shape[0] = (int64_t)record == t->lies_of ? t->says : t->lengths[record];
    if (column == 1)
        shape[1] = 2;
}

static const dp_column columns[] = {
    {"text", {NULL, DP_U8, 1, {MOST}}, 0},
    {"pairs", {NULL, DP_F32, 2, {MOST, 2}}, 0},
    {"length", {NULL, DP_U32, 0, {0}}, MOST + 1},
    {NULL, {NULL, (dp_dtype)0, 0, {0}}, 0},
};
static const int64_t one[] = {0}, two[] = {0, 2};
static const int64_t *const least[] = {one, two, NULL};

static dp_own_reader reader(void)
{
    return (dp_own_reader){.size = sizeof(dp_own_reader),
                           .name = "texts",
                           .n_records = N,
                           .columns = columns,
                           .ctx = &all,
                           .read = read_text,
                           .least = least,
                           .shape = shape_of};
}

static dp_pipeline *open_texts(const char *spec, uint32_t threads)
{
    const dp_own_reader r = reader();
    dp_pipeline *p = NULL;

    assert_ok(test_open_own(&p, spec, &r, threads));
    return p;
}

static int fill(void **state)
{
    (void)state;
    all.lies_of = -1;
    for (int i = 0; i < N; i++) /* a while of empty ones: blocks without a byte of them */
        all.lengths[i] = i >= 8 && i < 20 ? 0 : (i * i + 1) % (MOST + 1);
    return 0;
}

/* ---- as they are ---- */

static void delivered_as_they_are(void **state)
{
    dp_pipeline *p = open_texts("texts", 2);
    dp_batch *b = NULL;

    (void)state;
    assert_int_equal(dp_output(p, "text")->shape[0], MOST);
    assert_int_equal(dp_output_least(p, "text")->shape[0], 0);
    assert_int_equal(dp_output_least(p, "pairs")->shape[1], 2);
    assert_int_equal(dp_output_least(p, "length")->rank, 0);
    for (int i = 0; i < N; i++) {
        const dp_tensor *text, *pairs;
        assert_ok(dp_next(p, &b, &test_error));
        text = dp_batch_get(b, "text");
        pairs = dp_batch_get(b, "pairs");
        assert_int_equal(text->shape[0], all.lengths[i]);
        assert_int_equal(pairs->shape[0], all.lengths[i]);
        assert_int_equal(pairs->shape[1], 2);
        for (int64_t k = 0; k < text->shape[0]; k++) {
            assert_int_equal(((const uint8_t *)text->data)[k], (uint8_t)(i * 31 + k * 7));
            assert_true(((const float *)pairs->data)[2 * k] == (float)k);
        }
    }
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    dp_close(p);
}

static const char *const specs[] = {
    "texts",
    "texts | shuffle | repeat count=2",
    "texts | shuffle | type_cast column=text data_type=float64 | rescale column=pairs rescale=0.5",
    "texts | project columns=text",
    "texts | take count=1",
    "texts | skip count=8 | take count=13 | project columns=pairs,text", /* all but one are empty */
    ("texts | shuffle | project columns=text | zip with=\"texts | skip count=3 | project "
     "columns=pairs\""),
};
#define N_SPECS (sizeof specs / sizeof specs[0])

static test_hex digest_of(const char *spec, uint32_t threads)
{
    dp_pipeline *p = open_texts(spec, threads);
    const test_hex h = test_stream_digest(p, UINT64_MAX);

    dp_close(p);
    return h;
}

static void equal_for_all_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SPECS; i++) {
        const test_hex alone = digest_of(specs[i], 1);
        assert_string_equal(digest_of(specs[i], 2).text, alone.text);
        assert_string_equal(digest_of(specs[i], 7).text, alone.text);
    }
}

/* ---- in snapshots ---- */

static const dp_snapshot_options forms[] = {
    {.compression = "none", .block_size = 1},
    {.compression = "none", .block_size = 400},
    {.compression = "none", .block_size = 400, .shard_size = 900},
    {.compression = "lz4", .block_size = 800},
    {.compression = "lz4hc", .block_size = 400, .shard_size = 1000},
};
#define N_FORMS (sizeof forms / sizeof forms[0])

static void write_form(const char *spec, const dp_snapshot_options *form, uint32_t threads)
{
    dp_snapshot_options options = *form;
    dp_pipeline *p = open_texts(spec, threads);

    options.size = sizeof options;
    assert_ok(dp_snapshot_write(p, path, &options, &test_error));
    dp_close(p);
}

/* The stream, its data set, and its rows at any place. */
static void compare(const char *spec, const char *text)
{
    const test_hex live = digest_of(spec, 1);
    dp_pipeline *p = open_texts(spec, 1), *q = test_open(text, 1, 0);
    dp_state s;

    assert_int_equal(dp_length(q), dp_length(p));
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        dp_pipeline *back = test_open(text, threads, threads);
        assert_string_equal(test_stream_digest(back, UINT64_MAX).text, live.text);
        dp_close(back);
    }
    for (uint64_t at = 0; at < dp_length(p); at += 7) {
        assert_ok(dp_seek(p, at, &test_error));
        assert_ok(dp_get_state(p, &s, &test_error));
        assert_ok(dp_set_state(q, &s, &test_error)); /* it goes on in the snapshot */
        assert_string_equal(test_stream_digest(q, UINT64_MAX).text,
                            test_stream_digest(p, UINT64_MAX).text);
    }
    dp_close(q);
    dp_close(p);
}

static void snapshots_give_them_back(void **state)
{
    char text[400];

    (void)state;
    snprintf(text, sizeof text, "snapshot file=%s", path);
    for (size_t i = 0; i < N_SPECS; i++) {
        for (size_t f = 0; f < N_FORMS; f++) {
            test_bytes_of written, again;
            write_form(specs[i], &forms[f], 1);
            compare(specs[i], text);
            test_snapshot_check(path, false);
            written = test_read_file(path);
            write_form(specs[i], &forms[f], 7);
            again = test_read_file(path);
            assert_int_equal(written.size, again.size);
            assert_memory_equal(written.bytes, again.bytes, again.size);
            free(written.bytes);
            free(again.bytes);
        }
    }
}

/* The records are the same data set, whatever holds them. */
static void one_data_set(void **state)
{
    uint8_t live[16], back[16];
    dp_pipeline *p = open_texts("texts", 1), *q;
    char text[400];

    (void)state;
    write_form("texts", &forms[3], 2);
    snprintf(text, sizeof text, "snapshot file=%s | shuffle", path); /* no longer the stream */
    q = test_open(text, 1, 0);
    assert_ok(dp_dataset_digest(p, live, &test_error));
    assert_ok(dp_dataset_digest(q, back, &test_error));
    assert_memory_equal(live, back, 16);
    dp_close(q);
    dp_close(p);
}

static void damaged_rows_are_left_out(void **state)
{
    char text[400];
    dp_batch *b = NULL;
    dp_pipeline *p;
    test_bytes_of file;

    (void)state;
    write_form("texts | project columns=text,length", &forms[1], 1);
    file = test_read_file(path);
    for (size_t at = test_header_size(&file); at < file.size; at++) { /* the text of record 25 */
        static const uint8_t begin[] = {(uint8_t)(25 * 31), (uint8_t)(25 * 31 + 7)};
        if (memcmp(file.bytes + at, begin, 2) == 0) {
            test_write_at(path, at, "", 1);
            break;
        }
    }
    free(file.bytes);
    snprintf(text, sizeof text, "snapshot file=%s on_error=skip", path);
    p = test_open(text, 2, 1);
    assert_int_equal(dp_length(p), N - 1);
    for (int i = 0; i < N; i++) {
        if (i == 25)
            continue;
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(dp_batch_get(b, "text")->shape[0], all.lengths[i]);
        assert_int_equal(*(const uint32_t *)dp_batch_get(b, "length")->data, all.lengths[i]);
    }
    dp_close(p);
}

/* ---- what is known of pictures ---- */

static const int64_t known[] = {1, 2, 3, 400, 500, 3};
static const int64_t *const pictures[] = {known, NULL, NULL};

static void pictures_stay_known(void **state)
{
    dp_own_reader r = reader();
    dp_arena arena = {.alloc = &dp_libc_allocator};
    dp_snapshot_file f;
    dp_pipeline *p = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) { /* also where all files have one length */
        const dp_pictures *found;
        r.pictures = pictures;
        r.least = i == 0 ? least : NULL;
        assert_ok(
            test_open_own(&p, "texts | rename input_columns=text output_columns=file", &r, 1));
        assert_ok(dp_snapshot_write(p, path, NULL, &test_error));
        dp_close(p);
        assert_ok(dp_snapshot_file_open(&f, path, &(dp_opener){.arena = &arena}, &test_error));
        found = f.header.pictures[0];
        assert_non_null(found);
        assert_memory_equal(found->least, known, sizeof found->least);
        assert_memory_equal(found->most, known + 3, sizeof found->most);
        assert_null(f.header.pictures[1]);
        assert_int_equal(f.header.least[0] != NULL, i == 0);
        dp_snapshot_file_close(&f);
        dp_arena_free(&arena);
    }
    assert_ok(test_open_own(&p, "texts | type_cast column=text data_type=int8", &r, 1));
    assert_ok(dp_snapshot_write(p, path, NULL, &test_error)); /* files no more */
    dp_close(p);
    assert_ok(dp_snapshot_file_open(&f, path, &(dp_opener){.arena = &arena}, &test_error));
    assert_null(f.header.pictures[0]);
    dp_snapshot_file_close(&f);
    dp_arena_free(&arena);
}

/* ---- what goes wrong ---- */

static void lies_are_told(void **state)
{
    static const int64_t says[] = {MOST + 1, -1, INT64_MAX, INT64_MIN};
    uint8_t digest[16];

    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        dp_batch *b = NULL;
        dp_pipeline *p;
        all.lies_of = 30;
        all.says = says[i];
        p = open_texts("texts", 2);
        assert_ok(dp_seek(p, 30, &test_error));
        assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
        assert_int_equal(test_error.record, 30);
        assert_non_null(strstr(test_error.message,
                               "record 30: the shape of text is not within those of the column"));
        assert_int_equal(dp_dataset_digest(p, digest, &test_error), DP_ECORRUPT);
        dp_close(p);
        all.lies_of = -1;
    }
}

/* A row of one number is no row of rows: what was not known at open ends the stream, and the same
 * row is told for all threads. */
static void rows_that_the_plan_did_not_know(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        dp_pipeline *p =
            open_texts("texts | skip count=1 | one_hot column=text num_classes=256", threads);
        dp_batch *b = NULL;
        dp_status status;
        while ((status = dp_next(p, &b, &test_error)) == DP_OK)
            assert_int_equal(dp_batch_get(b, "text")->shape[1], 256);
        assert_int_equal(status, DP_ECORRUPT);
        assert_int_equal(test_error.record, 20); /* the next of length 1 */
        assert_string_equal(test_error.message, "one_hot: it makes uint8[256] of uint8[1]: at most "
                                                "uint8[7, 256] were known at open");
        dp_close(p);
    }
}

static void refused(const dp_own_reader *r, const char *spec, dp_status status, const char *says)
{
    dp_pipeline *p = NULL;

    assert_int_equal(test_open_own(&p, spec, r, 1), status);
    if (strstr(test_error.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", test_error.message, says);
}

static void wrong_readers(void **state)
{
    static const int64_t below[] = {-1}, above[] = {MOST + 1};
    static const int64_t bad[][6] = {{0, 1, 1, 1, 1, 1},
                                     {2, 1, 1, 1, 1, 1},
                                     {1, 1, 1, INT64_MAX, 2, 1},
                                     {1, 1, 1, 1 << 20, 1 << 20, 3}};
    const int64_t *of[3] = {below, NULL, NULL};
    dp_own_reader r = reader();
    dp_pipeline *p = NULL;

    (void)state;
    r.least = of;
    refused(&r, "texts", DP_EINVAL, "column 'text' has a least size below 0 or above the most");
    of[0] = above;
    refused(&r, "texts", DP_EINVAL, "column 'text' has a least size below 0 or above the most");
    r = reader();
    r.shape = NULL;
    refused(&r, "texts", DP_EINVAL, "column 'text' has least sizes, but there is no shape");
    r = reader();
    r.pictures = of;
    for (size_t i = 0; i < 4; i++) {
        of[0] = bad[i];
        refused(&r, "texts", DP_EINVAL, "column 'text' holds no files of pictures");
    }
    of[0] = NULL;
    of[1] = known;
    refused(&r, "texts", DP_EINVAL, "column 'pairs' holds no files of pictures");
    r = reader();
    refused(&r, "texts | batch batch_size=2", DP_ESPEC,
            "column text has rows of uint8[0] to uint8[9]");
    r.size = offsetof(dp_own_reader, least); /* an older program: what it has not is not there */
    assert_ok(test_open_own(&p, "texts | batch batch_size=2", &r, 1));
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivered_as_they_are),
        cmocka_unit_test(equal_for_all_threads),
        cmocka_unit_test_setup_teardown(snapshots_give_them_back, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(one_data_set, test_snapshot_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(damaged_rows_are_left_out, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(pictures_stay_known, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test(lies_are_told),
        cmocka_unit_test(rows_that_the_plan_did_not_know),
        cmocka_unit_test(wrong_readers),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
