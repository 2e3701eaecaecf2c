/* test_cifar10.c - real records, and files that are not what they should be; CIFAR-100's, too
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/test.h"

#define RECORD 3073
#define OF_100 3074 /* a record of CIFAR-100 */
#define N_100  10000

typedef struct folder {
    char path[256];
} folder;

static int make_folder(void **state)
{
    folder *f = calloc(1, sizeof *f);
    test_folder(f->path, sizeof f->path);
    *state = f;
    return 0;
}

static int remove_folder(void **state)
{
    test_folder_remove(((folder *)*state)->path);
    free(*state);
    return 0;
}

/* n records with labels 0, 1, 2, ... % 10 and pixels that differ. */
static uint8_t *make_records(size_t n, int first)
{
    uint8_t *bytes = malloc(n * RECORD + 1);
    for (size_t i = 0; i < n * RECORD; i++)
        bytes[i] = (uint8_t)(i % RECORD == 0 ? (i / RECORD) % 10 : (i * 7 + (size_t)first) % 251);
    return bytes;
}

static void write_records(const folder *f, const char *name, size_t n, int first)
{
    uint8_t *bytes = make_records(n, first);
    test_write(f->path, name, bytes, n * RECORD);
    free(bytes);
}

static dp_status open_in(const char *root, const char *spec, dp_pipeline **p)
{
    const dp_options options = {.size = sizeof options, .root = root, .threads = 1};
    return dp_open(p, spec, 1, &options, &test_error);
}

static void expect_failure(const char *root, const char *spec, dp_status status, const char *text)
{
    dp_pipeline *p = NULL;

    assert_int_equal(open_in(root, spec, &p), status);
    assert_null(p);
    if (strstr(test_error.message, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", test_error.message, text);
}

/* The fixture's bytes against what the pipeline delivers: HWC from planes, label, id; train before
 * test. */
static void real_records(void **state)
{
    static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"};
    static const size_t counts[] = {60, 40, 40};
    dp_pipeline *p = test_open(SMALL_CIFAR, 1, 0);
    dp_batch *b = NULL;
    int64_t id = 0;

    (void)state;
    assert_int_equal(dp_length(p), 140);
    for (int f = 0; f < 3; f++) {
        char path[4096];
        uint8_t bytes[RECORD];
        FILE *in;
        snprintf(path, sizeof path, "%s/%s", FIXTURE, names[f]);
        in = fopen(path, "rb");
        assert_non_null(in);
        for (size_t i = 0; i < counts[f]; i++, id++) {
            const uint8_t *image;
            assert_int_equal(fread(bytes, 1, RECORD, in), RECORD);
            assert_ok(dp_next(p, &b, &test_error));
            image = dp_batch_get(b, "image")->data;
            for (int x = 0; x < 3072; x++)
                assert_int_equal(image[x], bytes[1 + x % 3 * 1024 + x / 3]);
            assert_int_equal(*(uint32_t *)dp_batch_get(b, "label")->data, bytes[0]);
            assert_int_equal(*(int64_t *)dp_batch_get(b, "id")->data, id);
        }
        fclose(in);
    }
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    assert_null(b);
    dp_close(p);
}

static void usage_selects(void **state)
{
    dp_pipeline *p = test_open(SMALL_CIFAR " usage=train", 1, 0);

    (void)state;
    assert_int_equal(dp_length(p), 100);
    dp_close(p);
    p = test_open(SMALL_CIFAR " usage=test", 1, 0);
    assert_int_equal(dp_length(p), 40);
    dp_close(p);
}

/* docs/mindspore.md: byte order, substring filter, other names ignored, the official folder
 * inside. */
static void discovery(void **state)
{
    const folder *f = *state;
    char inner[512];
    dp_pipeline *p;
    dp_batch *b = NULL;

    write_records(f, "data_batch_2.bin", 1, 2);
    write_records(f, "data_batch_10.bin", 1, 10);
    write_records(f, "xdata_batchx.bin", 1, 99);
    write_records(f, "foo.bin", 1, 50);
    write_records(f, "data_batch_3.BIN", 1, 50);
    write_records(f, "._data_batch_3.bin", 1, 50);
    assert_ok(open_in(f->path, "cifar10 strict=false usage=train", &p));
    assert_int_equal(dp_length(p), 3);
    for (int i = 0; i < 3; i++) {
        static const int first[] = {10, 2, 99};
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(*(uint8_t *)dp_batch_get(b, "image")->data, (7 + first[i]) % 251);
    }
    dp_close(p);

    snprintf(inner, sizeof inner, "%s/above", f->path);
    mkdir(inner, 0777);
    snprintf(inner, sizeof inner, "%s/above/cifar-10-batches-bin", f->path);
    mkdir(inner, 0777);
    test_write(inner, "test_batch.bin", "", 0);
    expect_failure(f->path, "cifar10 dataset_dir=above usage=test", DP_ECORRUPT,
                   "test_batch.bin has 0 bytes");
}

static void what_open_refuses(void **state)
{
    const folder *f = *state;
    char path[512];
    uint8_t *bytes = make_records(2, 0);

    expect_failure("/nonexistent", "cifar10", DP_EIO, "/nonexistent");
    expect_failure(f->path, "cifar10", DP_EIO, "no *batch*.bin file");
    test_write(f->path, "data_batch_1.bin", bytes, 2 * RECORD - 1);
    expect_failure(f->path, "cifar10 strict=false", DP_ECORRUPT,
                   "data_batch_1.bin has 6145 bytes: expected 30730000");
    assert_int_equal(test_error.record, 1);
    test_write(f->path, "data_batch_1.bin", bytes, 2 * RECORD + 1);
    expect_failure(f->path, "cifar10 strict=false", DP_ECORRUPT, "record 2 is cut");
    test_write(f->path, "data_batch_1.bin", bytes, 2 * RECORD);
    expect_failure(f->path, "cifar10", DP_ECORRUPT, "has 2 records: expected 10000");
    free(bytes);

    snprintf(path, sizeof path, "%s/x.bin",
             f->path); /* a folder breaks every usage, as in MindSpore */
    assert_int_equal(mkdir(path, 0777), 0);
    expect_failure(f->path, "cifar10 strict=false", DP_EIO, "x.bin is not a regular file");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0666), 0); /* must not hang */
    expect_failure(f->path, "cifar10 strict=false", DP_EIO, "x.bin is not a regular file");
}

/* A sparse file has the official size without taking its space: `bytes`, then zeros. */
static void write_sparse(const folder *f, const char *name, const char *bytes, off_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    test_write(f->path, name, bytes, strlen(bytes));
    assert_int_equal(truncate(path, size), 0);
}

static void write_official(const folder *f, const char *name)
{
    char bytes[64];
    snprintf(bytes, sizeof bytes, "\1 the first image of %s", name);
    write_sparse(f, name, bytes, 10000 * (off_t)RECORD);
}

static void write_all_official(const folder *f)
{
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        write_official(f, name);
    }
    write_official(f, "test_batch.bin");
}

static void strict_wants_every_batch(void **state)
{
    const folder *f = *state;
    dp_pipeline *p;

    write_official(f, "data_batch_1.bin");
    write_official(f, "data_batch_2.bin");
    write_official(f, "data_batch_4.bin");
    write_official(f, "data_batch_5.bin");
    expect_failure(f->path, "cifar10 usage=train", DP_EIO, "data_batch_3.bin is missing");
    write_official(f, "data_batch_3.bin");
    assert_ok(open_in(f->path, "cifar10 usage=train", &p));
    assert_int_equal(dp_length(p), 50000);
    dp_close(p);
    expect_failure(f->path, "cifar10 usage=all", DP_EIO, "test_batch.bin is missing");
}

/* Copies under other names, as browsers and file managers make them. */
static void strict_wants_no_other_file(void **state)
{
    static const struct {
        const char *name, *spec, *text;
    } cases[] = {
        {"data_batch_1 (1).bin", "cifar10 usage=train", "6 files match data_batch: expected 5"},
        {"data_batch_6.bin", "cifar10 usage=train", "without data_batch_6.bin"},
        {"test_batch (copy).bin", "cifar10 usage=test", "2 files match test_batch: expected 1"},
        {"old_test_batch.bin", "cifar10", "7 files match batch: expected 6"},
    };
    const folder *f = *state;
    char path[512];
    dp_pipeline *p;

    write_all_official(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_official(f, cases[i].name);
        expect_failure(f->path, cases[i].spec, DP_ECORRUPT, cases[i].text);
        snprintf(path, sizeof path, "%s/%s", f->path, cases[i].name);
        unlink(path);
    }
    write_official(f, "._data_batch_1.bin"); /* what macOS leaves beside a file */
    write_official(f, "spare.bin");
    assert_ok(open_in(f->path, "cifar10", &p));
    assert_int_equal(dp_length(p), 60000);
    dp_close(p);
}

static void strict_wants_each_file_once(void **state)
{
    const folder *f = *state;

    write_all_official(f);
    write_sparse(f, "data_batch_2.bin", "\2 the first image of data_batch_1.bin",
                 10000 * (off_t)RECORD);
    expect_failure(f->path, "cifar10 usage=train", DP_ECORRUPT,
                   "data_batch_2.bin has the images of data_batch_1.bin: a copy");
}

static void strict_wants_each_of_cifar100(void **state)
{
    const folder *f = *state;
    const off_t train = 50000 * (off_t)OF_100;
    char path[512];
    dp_pipeline *p;

    write_sparse(f, "test.bin", "\1\1 test", 10000 * (off_t)OF_100);
    expect_failure(f->path, "cifar100 usage=train", DP_EIO, "no *train*.bin file");
    expect_failure(f->path, "cifar100", DP_EIO, "train.bin is missing");
    write_sparse(f, "train.bin", "\1\1 train", train);
    assert_ok(open_in(f->path, "cifar100", &p));
    assert_int_equal(dp_length(p), 60000);
    dp_close(p);

    write_sparse(f, "train (1).bin", "\1\1 other", train);
    expect_failure(f->path, "cifar100 usage=train", DP_ECORRUPT,
                   "2 files match train: expected 1, without train (1).bin");
    snprintf(path, sizeof path, "%s/train (1).bin", f->path);
    unlink(path);
    write_sparse(f, "train.bin", "\1\1 train", train - 1);
    expect_failure(f->path, "cifar100", DP_ECORRUPT, "train.bin has 153699999 bytes");
    write_sparse(f, "train.bin", "\1\1 train", train - OF_100);
    expect_failure(f->path, "cifar100", DP_ECORRUPT, "train.bin has 49999 records: expected 50000");
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* A list of n numbers. */
static uint8_t *put_list(uint8_t *at, uint8_t number, size_t n)
{
    at = put(at, "](", 2);
    for (size_t i = 0; i < n; i++)
        at = put(at, (const uint8_t[]){'K', number}, 2);
    return put(at, "e", 1);
}

/* CIFAR-100's python version, n black images, of which `cut` bytes at the end are left out. */
static void write_pickle(const folder *f, const char *name, size_t n, size_t cut)
{
    static const char head[] = "\200\2}(U\4datacnumpy.core.numeric\n_frombuffer\n(T";
    static const char type[] = "cnumpy\ndtype\n(U\2u1K\0K\1tR(M";
    static const char end[] = "M\0\014tU\1CtRU\15coarse_labels";
    const size_t size = n * (RECORD - 1);
    uint8_t *const bytes = calloc(1, size + 4 * n + 200), *at = bytes;

    at = put(at, head, sizeof head - 1);
    for (int shift = 0; shift < 32; shift += 8)
        *at++ = (uint8_t)(size >> shift);
    at = put(at + size, type, sizeof type - 1);
    at = put(at, (const uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8)}, 2);
    at = put_list(put(at, end, sizeof end - 1), 1, n);
    at = put_list(put(at, "U\13fine_labels", 13), 2, n);
    at = put(at, "u.", 2);
    test_write(f->path, name, bytes, (size_t)(at - bytes) - cut);
    free(bytes);
}

/* Only the official names are read, so that a copy changes nothing. */
static void strict_wants_each_pickle(void **state)
{
    const folder *f = *state;
    dp_pipeline *p;
    dp_batch *b = NULL;

    write_pickle(f, "test", N_100, 0);
    write_pickle(f, "test (1)", 1, 1);
    assert_ok(open_in(f->path, "cifar100 usage=test", &p));
    assert_int_equal(dp_length(p), N_100);
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(*(uint32_t *)dp_batch_get(b, "coarse_label")->data, 1);
    assert_int_equal(*(uint32_t *)dp_batch_get(b, "fine_label")->data, 2);
    dp_close(p);
    expect_failure(f->path, "cifar100", DP_EIO, "train.bin is missing");

    write_pickle(f, "test", N_100, 1);
    expect_failure(f->path, "cifar100 usage=test", DP_ECORRUPT, "test: byte ");
    write_pickle(f, "test", N_100 - 1, 0);
    expect_failure(f->path, "cifar100 usage=test", DP_ECORRUPT,
                   "test has 9999 records: expected 10000");
}

static void label_above_nine(void **state)
{
    const folder *f = *state;
    uint8_t *bytes = make_records(5, 0);
    dp_pipeline *p;
    dp_batch *b = NULL;

    bytes[3 * RECORD] = 10;
    test_write(f->path, "data_batch_1.bin", bytes, 5 * RECORD);
    free(bytes);
    assert_ok(open_in(f->path, "cifar10 strict=false", &p));
    for (int i = 0; i < 3; i++)
        assert_ok(dp_next(p, &b, &test_error));
    for (int i = 0; i < 3; i++) { /* repeated until the position moves */
        assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
        assert_null(b);
        assert_int_equal(test_error.record, 3);
        assert_non_null(strstr(test_error.message,
                               "record 3 of data_batch_1.bin has label 10: expected 0 to 9"));
        assert_int_equal(dp_tell(p), 3);
    }
    assert_ok(dp_seek(p, 4, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
}

static void must_stop_at(const folder *f, const char *text, int64_t record, uint64_t batch)
{
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        const dp_options options = {
            .size = sizeof options, .root = f->path, .threads = threads, .prefetch = 8};
        dp_pipeline *p;
        dp_batch *b = NULL;
        dp_status status;
        assert_ok(dp_open(&p, text, 1, &options, &test_error));
        while ((status = dp_next(p, &b, &test_error)) == DP_OK) {}
        assert_int_equal(status, DP_ECORRUPT);
        assert_int_equal(test_error.record, record);
        assert_int_equal(dp_tell(p), batch);
        dp_close(p);
    }
}

/* Several workers meet bad records; the first in the order of the stream is told, always: when they
 * make batches, and when they make slices of one. */
static void first_bad_record_wins(void **state)
{
    const folder *f = *state;
    uint8_t *bytes = make_records(200, 0);

    for (int i = 50; i < 200; i += 7)
        bytes[i * RECORD] = 200;
    test_write(f->path, "data_batch_1.bin", bytes, 200 * RECORD);
    free(bytes);
    must_stop_at(f, "cifar10 strict=false | batch batch_size=4", 50, 12);
    must_stop_at(f, "cifar10 strict=false | resize size=227 | batch batch_size=200", 50, 0);
}

static void shrinks_while_in_use(void **state)
{
    const folder *f = *state;
    char path[512];
    dp_pipeline *p;
    dp_batch *b = NULL;

    write_records(f, "data_batch_1.bin", 10, 0);
    snprintf(path, sizeof path, "%s/data_batch_1.bin", f->path);
    assert_ok(open_in(f->path, "cifar10 strict=false", &p));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(truncate(path, 4 * RECORD + 100), 0);
    for (int i = 1; i < 4; i++)
        assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_int_equal(test_error.record, 4);
    assert_non_null(
        strstr(test_error.message, "record 4 of data_batch_1.bin has 100 bytes: expected 3073"));
    dp_close(p);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_records),
        cmocka_unit_test(usage_selects),
        IN_FOLDER(discovery),
        IN_FOLDER(what_open_refuses),
        IN_FOLDER(strict_wants_every_batch),
        IN_FOLDER(strict_wants_no_other_file),
        IN_FOLDER(strict_wants_each_file_once),
        IN_FOLDER(strict_wants_each_of_cifar100),
        IN_FOLDER(strict_wants_each_pickle),
        IN_FOLDER(label_above_nine),
        IN_FOLDER(first_bad_record_wins),
        IN_FOLDER(shrinks_while_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
