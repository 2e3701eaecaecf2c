/* test_tfrecord.c - TFRecord files: what TensorFlow delivers of them, damage, odd protocol buffers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/crc32c.h"
#include "tests/support/snapshot.h"

#define SHARDS TEST_GOLDEN "/shards"

static dp_status open_in(const char *root, const char *spec, uint32_t threads, dp_pipeline **p)
{
    const dp_options options = {
        .size = sizeof options, .root = root, .threads = threads, .prefetch = threads - 1};

    *p = NULL;
    return dp_open(p, spec, 1, &options, &test_error);
}

static void refuse(const char *root, const char *spec, dp_status wanted, const char *why)
{
    dp_pipeline *p;
    const dp_status status = open_in(root, spec, 1, &p);

    dp_close(p);
    if (status != wanted || strstr(test_error.message, why) == NULL)
        fail_msg("%s: %d \"%s\", not \"%s\"", spec, status,
                 status == DP_OK ? "" : test_error.message, why);
}

/* ---- what the library delivers ---- */

/* As make_tfrecord.py shows bytes, on any machine. */
static void show(const dp_tensor *t, char out[80])
{
    const size_t n = test_bytes(t), size = t->dtype == DP_U8 ? 1 : t->dtype == DP_F32 ? 4 : 8;
    const uint16_t one = 1;
    uint8_t turned[256];

    if (n > 40) {
        snprintf(out, 80, "sha256:%s", test_sha256(t->data, n).text);
        return;
    }
    for (size_t i = 0; i < n; i++)
        turned[i] = ((const uint8_t *)t->data)[*(const uint8_t *)&one == 1 ? i : i ^ (size - 1)];
    snprintf(out, 80, "%s", test_hex_of(turned, n).text);
}

static void compare_row(const char *spec, const char *line, const dp_batch *b)
{
    char column[80], got[80], wanted[80];

    for (const char *at = line; *at != '\0';) {
        const size_t name = strcspn(at, "="), value = strcspn(at + name + 1, " ");
        snprintf(column, sizeof column, "%.*s", (int)name, at);
        snprintf(wanted, sizeof wanted, "%.*s", (int)value, at + name + 1);
        show(dp_batch_get(b, column), got);
        if (strcmp(got, wanted) != 0)
            fail_msg("%s: %s is %s, not %s", spec, column, got, wanted);
        at += name + 1 + value;
        at += *at == ' ';
    }
}

static void as_the_library(void **state)
{
    test_lines lines = test_lines_read(test_shard("tfrecord.txt"));
    int n_rows = 0, n_errors = 0;

    (void)state;
    for (size_t i = 0; i < lines.n;) {
        char spec[600];
        dp_batch *b = NULL;
        dp_pipeline *p;
        dp_status status;
        snprintf(spec, sizeof spec, "tfrecord file=%s", lines.line[i++] + 5);
        status = open_in(test_shard("shards"), spec, 1, &p);
        if (strcmp(lines.line[i], "error") == 0) {
            assert_int_equal(status, DP_ECORRUPT);
            n_errors++;
            i++;
            continue;
        }
        assert_ok(status);
        for (; i < lines.n && strncmp(lines.line[i], "file ", 5) != 0; i++, n_rows++) {
            assert_ok(dp_next(p, &b, &test_error));
            compare_row(spec, lines.line[i], b);
        }
        assert_int_equal(dp_next(p, &b, &test_error), DP_END);
        dp_close(p);
    }
    assert_int_equal(n_errors, 4);
    assert_int_equal(n_rows, 6 + 6 + 3 + 4 + 3);
    test_lines_free(&lines);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:label:int64", DP_ECORRUPT,
           "record 0 of " SHARDS "/examples.tfrecord has no label, but box ids image/class/label");
    assert_int_equal(test_error.record, 0);
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:box:float32:3", DP_ECORRUPT,
           "box, which has more numbers than its type: float32[3]");
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:box:float32:5", DP_ECORRUPT,
           "box, which has fewer numbers than its type: float32[5]");
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:box:int64:4", DP_ECORRUPT,
           "box, which holds floats: int64[4]");
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:image/class/label:float32",
           DP_ECORRUPT, "image/class/label, which holds whole numbers");
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:ids", DP_ECORRUPT,
           "ids, which holds whole numbers");
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:ids:uint8:3", DP_ECORRUPT,
           "ids, which has a number that its type has not");
    refuse(SHARDS, "tfrecord file=examples.tfrecord fields=x:name:picture", DP_ECORRUPT,
           "(name) is not a JPEG or PNG picture");
    refuse(SHARDS, "tfrecord file=writer.tar fields=x:name", DP_ECORRUPT,
           "record 0 of " SHARDS "/writer.tar is none: this is not a TFRecord file");
    refuse(SHARDS, "tfrecord file=part.tfrecord-{00000..00003}-of-00003 fields=x:name", DP_EIO,
           "00003-of-00003");
}

static void types(void **state)
{
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    assert_ok(open_in(SHARDS,
                      "tfrecord file=examples.tfrecord fields=a:image/class/label:uint8,"
                      "b:image/class/label:int16:1,c:box:float64:2:2 | skip count=3",
                      1, &p));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(*(const uint8_t *)dp_batch_get(b, "a")->data, 1);
    assert_int_equal(*(const int16_t *)dp_batch_get(b, "b")->data, 1);
    assert_int_equal(dp_batch_get(b, "b")->rank, 1);
    assert_true(((const double *)dp_batch_get(b, "c")->data)[0] == 1.5);
    assert_true(((const double *)dp_batch_get(b, "c")->data)[2] == (double)3e38F);
    dp_close(p);
    /* the largest label is 8 */
    assert_ok(open_in(SHARDS,
                      "tfrecord file=examples.tfrecord fields=l:image/class/label:int64 | one_hot "
                      "column=l num_classes=9",
                      1, &p));
    dp_close(p);
    refuse(SHARDS,
           "tfrecord file=examples.tfrecord fields=l:image/class/label:int64 | one_hot column=l "
           "num_classes=8",
           DP_ESPEC, "8");
    refuse(SHARDS,
           "tfrecord file=examples.tfrecord fields=l:ids:int64:3 | one_hot column=l "
           "num_classes=9",
           DP_ESPEC, "one_hot");
}

/* ---- records made here ---- */

typedef struct bytes {
    uint8_t b[4096];
    size_t n;
} bytes;

static void put(bytes *out, const void *from, size_t n)
{
    assert_true(out->n + n <= sizeof out->b);
    memcpy(out->b + out->n, from, n);
    out->n += n;
}

static void put_crc(bytes *out, const uint8_t *from, size_t n)
{
    const uint32_t crc = dp_crc32c(from, n);
    const uint32_t masked = (crc >> 15 | crc << 17) + 0xA282EAD8u;

    for (int i = 0; i < 4; i++)
        put(out, &(uint8_t){(uint8_t)(masked >> (8 * i))}, 1);
}

/* A record with right checks around any bytes. */
static void put_record(bytes *out, const void *record, size_t n, uint64_t length)
{
    uint8_t head[8];

    for (int i = 0; i < 8; i++)
        head[i] = (uint8_t)(length >> (8 * i));
    put(out, head, 8);
    put_crc(out, head, 8);
    put(out, record, n);
    put_crc(out, record, n);
}

static void expect(const char *record, size_t n, const char *fields, const char *why)
{
    bytes file = {.n = 0};
    char spec[100];
    dp_pipeline *p;

    put_record(&file, record, n, n);
    test_write(test_work, "x", file.b, file.n);
    snprintf(spec, sizeof spec, "tfrecord file=x fields=%s", fields);
    if (why != NULL) {
        refuse(test_work, spec, DP_ECORRUPT, why);
        return;
    }
    assert_ok(open_in(test_work, spec, 1, &p));
    dp_close(p);
}

#define EXPECT(record, fields, why) expect(record, sizeof(record) - 1, fields, why)
#define A7                                                                                         \
    "\x0a\x01"                                                                                     \
    "a\x12\x05\x1a\x03\x0a\x01\x07" /* the entry a: int64 7, without its head */

/* What a protocol buffer may be, and what is not taken for an Example. */
static void odd_examples(void **state)
{
    (void)state;
    EXPECT("\x0a\x0c\x0a\x0a" A7, "x:a:int64", NULL);
    EXPECT("\x0a\x18\x0a\x0a" A7 "\x0a\x0a" A7, "x:a:int64", "a, which is there twice");
    EXPECT("\x0a\x0c\x0a\x0a" A7 "\x0a\x0c\x0a\x0a" A7, "x:a:int64", "a, which is there twice");
    EXPECT("\x0a\x11\x0a\x0f\x0a\x01"
           "a\x12\x0a\x1a\x03\x0a\x01\x07\x1a\x03\x0a\x01\x07",
           "x:a:int64", "a, which has two lists");
    EXPECT("\x0a\x07\x0a\x05\x0a\x01"
           "a\x12\x00",
           "x:a:int64", "a, which has no value");
    EXPECT("", "x:a:int64", "has no a, nor any other");
    EXPECT("\x0a\x0d\x0a\x0a" A7, "x:a:int64", "its protocol buffer is damaged");
    EXPECT("\x0a\x0c\x0a\x0b" A7, "x:a:int64", "its protocol buffer is damaged");
    EXPECT("\x0a\x0c\x0a\x0a" A7 "\x12\x00", "x:b",
           "has no b, but a (a SequenceExample: its lists are ");
    EXPECT("\x0a\x0c\x0a\x0a" A7 "\x12\x00", "x:a:int64", NULL); /* what is no list */
    EXPECT("\x0b\x0c\x0a\x0a" A7, "x:a:int64", "its protocol buffer is damaged");
    EXPECT("\x02\x00", "x:a:int64", "its protocol buffer is damaged");
    EXPECT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "x:a", "is damaged");
    EXPECT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "x:a", "is damaged");
    EXPECT("\x0a\x0b\x0a\x09\x0a\x01"
           "a\x12\x04\x0a\x02\x0a\x00",
           "x:a", NULL); /* no bytes */
    EXPECT("\x0a\x0d\x0a\x0b\x0a\x01"
           "a\x12\x06\x0a\x04\x0a\x00\x0a\x00",
           "x:a", "a, which is a list of several");
    EXPECT("\x0a\x09\x0a\x07\x0a\x01"
           "a\x12\x02\x0a\x00",
           "x:a", "a, which is an empty list");
    EXPECT("\x0a\x0e\x0a\x0c\x0a\x01"
           "a\x12\x07\x12\x05\x0a\x03\x00\x00\x00",
           "x:a:float32", "a, which is damaged");
    EXPECT("\x0a\x0c\x0a\x0a\x12\x05\x1a\x03\x0a\x01\x07\x0a\x01"
           "a",
           "x:a:int64", NULL); /* the name behind the value */
}

/* ---- damage ---- */

/* Any byte that is another one, and any cut but between records. */
static void damage(void **state)
{
    static const char spec[] = "tfrecord file=x fields=a:a:int64";
    static const char record[] = "\x0a\x0c\x0a\x0a" A7;
    const size_t size = 12 + sizeof record - 1 + 4;
    bytes file = {.n = 0};
    dp_pipeline *p;

    (void)state;
    for (int i = 0; i < 3; i++)
        put_record(&file, record, sizeof record - 1, sizeof record - 1);
    for (size_t i = 0; i < 8 * file.n; i++) {
        file.b[i / 8] ^= (uint8_t)(1 << i % 8);
        test_write(test_work, "x", file.b, file.n);
        if (open_in(test_work, spec, 1, &p) != DP_ECORRUPT)
            fail_msg("bit %zu may be any", i);
        if (i / 8 >= size)
            assert_int_equal(test_error.record, (int64_t)(i / 8 / size));
        file.b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n <= file.n; n++) {
        test_write(test_work, "x", file.b, n);
        if (n > 0 && n % size == 0) {
            assert_ok(open_in(test_work, spec, 1, &p));
            assert_int_equal(dp_length(p), n / size);
            dp_close(p);
        } else if (open_in(test_work, spec, 1, &p) != DP_ECORRUPT) {
            fail_msg("a cut at byte %zu is not seen", n);
        }
    }
    test_write(test_work, "x", file.b, size + 5);
    refuse(test_work, spec, DP_ECORRUPT, "record 1 of ");
    refuse(test_work, spec, DP_ECORRUPT, "is cut in its first 12 bytes, at byte 30");
    file.n = 0;
    put_record(&file, record, 1, (uint64_t)1 << 60);
    test_write(test_work, "x", file.b, file.n);
    refuse(test_work, spec, DP_ECORRUPT, "has 1152921504606846976 bytes: at most 1073741824");
}

/* Both checks are made when a record is read, too; what it was when it was opened it has to be. */
static void in_use(void **state)
{
    static const char spec[] = "tfrecord file=x fields=a:a:int64";
    static const char record[] = "\x0a\x0c\x0a\x0a" A7, other[] = "\x0a\x0c\x0a\x0a\x0a\x01"
                                                                  "a\x12\x05\x1a\x03\x0a\x01\x08";
    const size_t size = 12 + sizeof record - 1 + 4;
    bytes file = {.n = 0}, changed = {.n = 0};
    char path[300];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    snprintf(path, sizeof path, "%s/x", test_work);
    for (int i = 0; i < 4; i++)
        put_record(&file, record, sizeof record - 1, sizeof record - 1);
    put_record(&changed, other, sizeof other - 1, sizeof other - 1);
    test_write(test_work, "x", file.b, file.n);
    assert_ok(open_in(test_work, spec, 1, &p));
    assert_ok(dp_next(p, &b, &test_error));
    test_write_at(path, size + 9, "x", 1);
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "is damaged: its length is another"));
    assert_int_equal(test_error.record, 1);
    test_write_at(path, 2 * size + 20, "x", 1);
    assert_ok(dp_seek(p, 2, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "the CRC of its bytes is wrong"));
    test_write_at(path, 3 * size, changed.b, changed.n); /* its checks are right */
    assert_ok(dp_seek(p, 3, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "record 3 of "));
    assert_non_null(strstr(test_error.message, "changed since it was opened: a"));
    test_write_at(path, 0, changed.b, changed.n);
    assert_ok(dp_seek(p, 0, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "changed since it was first read"));
    dp_close(p);
}

/* A plain file whose first length begins like gzip. */
static void looks_like_gzip(void **state)
{
    const size_t n = 0x088B1F;
    uint8_t *record = calloc(n + 16, 1);
    bytes head = {.n = 0};
    dp_pipeline *p;

    (void)state;
    assert_non_null(record);
    put_record(&head, "", 0, n);
    memcpy(record, head.b, 12);
    memcpy(record + 12, "\x0a\x0c\x0a\x0a" A7, 14);
    record[26] = 0x12; /* a field that nobody knows */
    record[27] = (uint8_t)((n - 18) & 0x7F) | 0x80;
    record[28] = (uint8_t)((n - 18) >> 7 & 0x7F) | 0x80;
    record[29] = (uint8_t)((n - 18) >> 14);
    head.n = 0;
    put_crc(&head, record + 12, n);
    memcpy(record + 12 + n, head.b, 4);
    test_write(test_work, "x", record, n + 16);
    assert_ok(open_in(test_work, "tfrecord file=x fields=a:a:int64", 1, &p));
    dp_close(p);
    free(record);
}

/* ---- CRC-32C ---- */

static void crc(void **state)
{
    uint8_t noise[300];

    (void)state;
    assert_int_equal(dp_crc32c((const uint8_t *)"123456789", 9), 0xE3069283u); /* the check value */
    memset(noise, 0xFF, 32);
    assert_int_equal(dp_crc32c(noise, 32), 0x62A8AB43u); /* RFC 3720, B.4 */
    test_noise(noise, sizeof noise);
    for (size_t from = 0; from < 9; from++) {
        for (size_t n = 0; n < sizeof noise - 9; n++) {
            const uint32_t portable = ~dp_crc32c_portable(~0u, noise + from, n);
            assert_int_equal(dp_crc32c(noise + from, n), portable);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_library),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(types),
        cmocka_unit_test_setup_teardown(odd_examples, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(damage, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(in_use, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(looks_like_gzip, test_work_set_up, test_work_tear_down),
        cmocka_unit_test(crc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
