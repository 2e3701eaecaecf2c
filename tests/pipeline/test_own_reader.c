/* test_own_reader.c - readers of the caller's own: the law holds, and what they do wrong is told
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdatomic.h>

#include "detpipe_snapshot.h"
#include "tests/support/test.h"

#define N_RECORDS 60
#define SIDE      8
#define PIXELS    (SIDE * SIDE * 3)

#define REST                                                                                       \
    " | shuffle | random_crop size=6 | random_horizontal_flip | rescale rescale=1/255 | hwc2chw"   \
    " | one_hot column=label num_classes=10 | batch batch_size=7 | repeat count=3"

/* What a program may have: pictures in memory, a count of what was read, a fault of choice. */
typedef struct album {
    uint8_t pixels[N_RECORDS][PIXELS];
    uint32_t label[N_RECORDS];
    int64_t id[N_RECORDS];
    _Atomic uint64_t reads;
    uint64_t bad; /* the records that fail: this one and each 10th after it; N_RECORDS = none */
    dp_status status;
    const char *says;
} album;

static dp_status read_album(void *ctx, uint64_t record, void *const columns[], dp_error *err)
{
    album *a = ctx;

    atomic_fetch_add(&a->reads, 1);
    if (record >= a->bad && (record - a->bad) % 10 == 0) {
        memset(err->message, 'x', sizeof err->message); /* without an end */
        if (a->says != NULL)
            snprintf(err->message, sizeof err->message, "%s", a->says);
        return a->status;
    }
    memcpy(columns[0], a->pixels[record], PIXELS);
    memcpy(columns[1], &a->label[record], sizeof a->label[record]);
    memcpy(columns[2], &a->id[record], sizeof a->id[record]);
    return DP_OK;
}

static album pictures;

static const dp_column columns[] = {
    {"image", {NULL, DP_U8, 3, {SIDE, SIDE, 3}}, 0},
    {"label", {NULL, DP_U32, 0, {0}}, 10},
    {"id", {NULL, DP_I64, 0, {0}}, 0},
    {NULL, {NULL, (dp_dtype)0, 0, {0}}, 0},
};

static dp_own_reader reader(void)
{
    return (dp_own_reader){.size = sizeof(dp_own_reader),
                           .name = "album",
                           .n_records = N_RECORDS,
                           .columns = columns,
                           .ctx = &pictures,
                           .read = read_album};
}

static int fill(void **state)
{
    uint32_t x = 1;

    (void)state;
    for (size_t i = 0; i < N_RECORDS; i++) {
        for (size_t k = 0; k < PIXELS; k++)
            pictures.pixels[i][k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        pictures.label[i] = (uint32_t)(i * 7 % 10);
        pictures.id[i] = (int64_t)i;
    }
    pictures.bad = N_RECORDS;
    return 0;
}

static dp_pipeline *open_album(const char *spec, uint32_t threads)
{
    const dp_own_reader r = reader();
    dp_pipeline *p = NULL;

    assert_ok(test_open_own(&p, spec, &r, threads));
    return p;
}

/* The same pictures as arrays: the reader `memory`, which is the library's. */
static dp_pipeline *open_memory(const char *spec)
{
    const dp_array arrays[] = {
        {"image", {pictures.pixels, DP_U8, 4, {N_RECORDS, SIDE, SIDE, 3}}},
        {"label", {pictures.label, DP_U32, 1, {N_RECORDS}}},
        {NULL, {NULL, (dp_dtype)0, 0, {0}}},
    };
    const dp_options options = {.size = sizeof options, .threads = 1, .arrays = arrays};
    dp_pipeline *p = NULL;

    assert_ok(dp_open(&p, spec, 1, &options, &test_error));
    return p;
}

/* ---- the law ---- */

static void same_as_memory(void **state)
{
    dp_pipeline *m = open_memory("memory" REST);
    const test_hex expected = test_stream_digest(m, UINT64_MAX);
    uint8_t of_memory[16], own[16];

    (void)state;
    assert_ok(dp_dataset_digest(m, of_memory, &test_error));
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        dp_pipeline *p = open_album("album" REST, threads);
        assert_string_equal(test_stream_digest(p, UINT64_MAX).text, expected.text);
        assert_ok(dp_dataset_digest(p, own, &test_error));
        assert_memory_equal(own, of_memory, 16); /* the records are hashed like any other's */
        dp_close(p);
    }
    dp_close(m);
}

static void seek_and_states(void **state)
{
    dp_pipeline *whole = open_album("album" REST, 1), *one = open_album("album" REST, 1);
    dp_pipeline *other = open_album("album" REST, 4);
    dp_state s;

    (void)state;
    assert_ok(dp_seek(whole, 11, &test_error));
    assert_int_equal(strlen(test_stream_digest(one, 11).text), 32);
    assert_ok(dp_get_state(one, &s, &test_error));
    assert_ok(dp_set_state(other, &s, &test_error));
    assert_int_equal(dp_tell(other), 11);
    assert_string_equal(test_stream_digest(other, UINT64_MAX).text,
                        test_stream_digest(whole, UINT64_MAX).text);
    dp_close(other);
    dp_close(one);
    dp_close(whole);
    pictures.pixels[5][0] ^= 1; /* another data set */
    other = open_album("album" REST, 1);
    assert_int_equal(dp_set_state(other, &s, &test_error), DP_ESTATE);
    dp_close(other);
    pictures.pixels[5][0] ^= 1;
}

static void own_identity(void **state)
{
    static const uint8_t a[16] = "release 1", b[16] = "release 2";
    dp_own_reader r = reader();
    dp_pipeline *p = NULL, *q = NULL;
    uint8_t first[16], second[16];
    dp_state s;

    (void)state;
    r.identity = a;
    assert_ok(test_open_own(&p, "album" REST, &r, 1));
    pictures.reads = 0;
    assert_ok(dp_get_state(p, &s, &test_error));
    assert_ok(dp_dataset_digest(p, first, &test_error));
    assert_int_equal(pictures.reads, 0); /* nothing is read */
    r.identity = b;
    assert_ok(test_open_own(&q, "album" REST, &r, 1));
    assert_ok(dp_dataset_digest(q, second, &test_error));
    assert_memory_not_equal(first, second, 16);
    assert_int_equal(dp_set_state(q, &s, &test_error), DP_ESTATE);
    dp_close(q);
    r.identity = a;
    r.n_records--;
    assert_ok(test_open_own(&q, "album" REST, &r, 1));
    assert_ok(dp_dataset_digest(q, second, &test_error));
    assert_memory_not_equal(first, second, 16); /* as many records as there are */
    dp_close(q);
    dp_close(p);
}

static void revision(void **state)
{
    dp_own_reader r = reader();
    dp_pipeline *p = open_album("album", 1), *q = NULL;
    uint8_t first[16], second[16];

    (void)state;
    r.revision = 2;
    assert_ok(test_open_own(&q, "album", &r, 1));
    assert_string_equal(dp_spec(q), "album");
    dp_fingerprint(p, first);
    dp_fingerprint(q, second);
    assert_memory_not_equal(first, second, 16);
    dp_close(q);
    dp_close(p);
}

/* Two readers in one text; and a snapshot of it. */
static void joined_and_written(void **state)
{
    dp_own_reader r = reader(), again = reader();
    const dp_own_reader *readers[] = {&again, &r, NULL};
    const dp_options options = {.size = sizeof options, .threads = 2, .readers = readers};
    const char *text = "album | concat with=\"again | shuffle\" | batch batch_size=8";
    dp_pipeline *p = NULL, *back = NULL;
    char folder[256], spec[400];

    (void)state;
    assert_int_equal(dp_open(&p, text, 1, &options, &test_error), DP_EINVAL); /* two `album`s */
    again.name = "again";
    assert_ok(dp_open(&p, text, 1, &options, &test_error));
    assert_int_equal(dp_length(p), 2 * N_RECORDS / 8);
    test_folder(folder, sizeof folder);
    snprintf(spec, sizeof spec, "%s/a.dps", folder);
    assert_ok(dp_snapshot_write(p, spec, NULL, &test_error));
    snprintf(spec, sizeof spec, "snapshot file=\"%s/a.dps\" batched=true", folder);
    back = test_open(spec, 1, 0);
    assert_string_equal(test_stream_digest(back, UINT64_MAX).text,
                        test_stream_digest(p, UINT64_MAX).text);
    dp_close(back);
    dp_close(p);
    test_folder_remove(folder);
}

/* ---- what goes wrong ---- */

/* The first failure in the order of the stream, with reader, record and words, for all threads. */
static void failures(void **state)
{
    static const struct {
        dp_status given, told;
        const char *says, *message;
    } rows[] = {
        {DP_EIO, DP_EIO, "the tape is torn", "album: record 17: the tape is torn"},
        {DP_ECORRUPT, DP_ECORRUPT, "bad sum\n", "album: record 17: bad sum?"},
        {DP_ENOMEM, DP_ENOMEM, "", "album: record 17: it cannot be read"},
        {DP_END, DP_EIO, "end", "album: record 17: end"},
        {(dp_status)77, DP_EIO, "77", "album: record 17: 77"},
        {(dp_status)-99, DP_EIO, "-99", "album: record 17: -99"},
        {DP_EIO, DP_EIO, NULL, "album: record 17: xxxxxxxx"},
    };

    (void)state;
    for (size_t i = 0; i < 3 * sizeof rows / sizeof rows[0]; i++) {
        dp_batch *b = NULL;
        dp_pipeline *p;

        pictures.bad = 17;
        pictures.status = rows[i / 3].given;
        pictures.says = rows[i / 3].says;
        p = open_album("album | skip count=16 | batch batch_size=4", 1 + (uint32_t)(i % 3) * 3);
        assert_int_equal(dp_next(p, &b, &test_error), rows[i / 3].told);
        assert_int_equal(test_error.record, 17);
        assert_memory_equal(test_error.message, rows[i / 3].message, strlen(rows[i / 3].message));
        assert_int_equal(dp_next(p, &b, &test_error), rows[i / 3].told); /* repeated */
        assert_int_equal(dp_tell(p), 0);
        dp_close(p); /* a worker may be reading until then */
        pictures.bad = N_RECORDS;
    }
}

static void values_above_the_limit(void **state)
{
    static const uint32_t values[] = {10, UINT32_MAX};
    uint8_t digest[16];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dp_batch *b = NULL;
        dp_pipeline *p;
        dp_status status;

        pictures.label[31] = values[i];
        p = open_album("album" REST, 2);
        while ((status = dp_next(p, &b, &test_error)) == DP_OK)
            ;
        assert_int_equal(status, DP_ECORRUPT);
        assert_int_equal(test_error.record, 31);
        assert_non_null(strstr(test_error.message, "its limit is 10"));
        assert_int_equal(dp_dataset_digest(p, digest, &test_error), DP_ECORRUPT);
        dp_close(p);
        pictures.label[31] = 31 * 7 % 10;
    }
}

static void refused(const dp_own_reader *r, dp_status expected, const char *says)
{
    dp_pipeline *p = NULL;

    assert_int_equal(test_open_own(&p, "range count=3", r, 1), expected); /* unused, too */
    assert_null(p);
    if (strstr(test_error.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", test_error.message, says);
}

static void wrong_readers(void **state)
{
    static const char *const names[] = {NULL, "", "Album", "1st", "_x", "a b", "a|b", "\xC3\xA4"};
    static const dp_column no_columns[] = {{NULL, {NULL, (dp_dtype)0, 0, {0}}, 0}};
    dp_column one[3] = {columns[0], columns[2]};
    dp_own_reader r = reader();
    dp_pipeline *p = NULL;
    char long_name[80];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        r.name = names[i];
        refused(&r, DP_EINVAL, "is not a name");
    }
    memset(long_name, 'a', sizeof long_name);
    long_name[64] = '\0';
    r.name = long_name;
    refused(&r, DP_EINVAL, "is not a name");
    r.name = "shuffle";
    refused(&r, DP_EINVAL, "there is a stage 'shuffle' already");
    r.name = "cifar10";
    refused(&r, DP_EINVAL, "there is a stage 'cifar10' already");
    r = reader();
    r.size = 9;
    refused(&r, DP_EINVAL, "dp_own_reader.size");
    r = reader();
    r.size = 2 * sizeof(size_t); /* an older one: it has no functions */
    refused(&r, DP_EINVAL, "no read");
    r = reader();
    r.columns = no_columns;
    refused(&r, DP_EINVAL, "no column");
    r.columns = NULL;
    refused(&r, DP_EINVAL, "no column");
    r = reader();
    r.n_records = UINT64_MAX;
    refused(&r, DP_ELIMIT, "2^48");
    r = reader();
    r.columns = one;
    one[1].type.rank = 99;
    refused(&r, DP_EINVAL, "column 'id'");
    one[1] = (dp_column){"x", {NULL, DP_F32, 0, {0}}, 5};
    refused(&r, DP_EINVAL, "limits are of integers");
    one[1] = columns[0];
    assert_int_equal(test_open_own(&p, "album", &r, 1), DP_ESPEC);
    assert_non_null(strstr(test_error.message, "two columns 'image'"));
    r = reader();
    assert_int_equal(test_open_own(&p, "album usage=train", &r, 1), DP_ESPEC);
    assert_int_equal(test_error.column, 7);
    assert_int_equal(test_open_own(&p, "range count=3 | album", &r, 1), DP_ESPEC);
    assert_int_equal(test_error.column, 17);
    r.n_records = 0;
    assert_ok(test_open_own(&p, "album | batch batch_size=4", &r, 2));
    assert_int_equal(dp_length(p), 0);
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_memory),         cmocka_unit_test(seek_and_states),
        cmocka_unit_test(own_identity),           cmocka_unit_test(revision),
        cmocka_unit_test(joined_and_written),     cmocka_unit_test(failures),
        cmocka_unit_test(values_above_the_limit), cmocka_unit_test(wrong_readers),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
