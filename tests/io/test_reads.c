/* test_reads.c - which records are read, counted at pread
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "tests/support/test.h"

#define RECORD 3073

ssize_t __real_pread(int fd, void *buffer, size_t n, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t n, off_t offset);

static atomic_int n_reads;
static atomic_long lowest = INT32_MAX;
static atomic_int mode;
enum { WHOLE, INTERRUPTED, BROKEN };

/* Linked in the place of pread (see tests/CMakeLists.txt). */
ssize_t __wrap_pread(int fd, void *buffer, size_t n, off_t offset)
{
    const int number = atomic_fetch_add(&n_reads, 1);

    if (offset / RECORD < atomic_load(&lowest))
        atomic_store(&lowest, offset / RECORD);
    if (mode == BROKEN) {
        errno = EIO;
        return -1;
    }
    if (mode == INTERRUPTED && number % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    return __real_pread(fd, buffer, mode == INTERRUPTED && n > 100 ? 100 : n, offset);
}

static void reset(int how)
{
    n_reads = 0;
    lowest = INT32_MAX;
    mode = how;
}

static void read_some(const char *spec, uint64_t seek, int n)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    dp_batch *b = NULL;

    assert_int_equal(n_reads, 0); /* opening reads no record */
    assert_ok(dp_seek(p, seek, &test_error));
    for (int i = 0; i < n; i++)
        assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
}

static void skip_reads_nothing_it_passes(void **state)
{
    (void)state;
    reset(WHOLE);
    read_some(
        "cifar10 strict=false usage=train dataset_dir=. | skip count=30 | take count=10 | batch batch_size=5",
        0, 2);
    assert_int_equal(n_reads, 10);
    assert_int_equal(lowest, 30);
    reset(WHOLE);
    read_some("cifar10 strict=false usage=train | batch batch_size=5 | skip count=8", 0, 1);
    assert_int_equal(n_reads, 5);
    reset(WHOLE);
    read_some("cifar10 strict=false usage=test | repeat count=1000000 | batch batch_size=4",
              9999990, 2);
    assert_int_equal(n_reads, 8);
    reset(WHOLE);
    read_some("cifar10 strict=false | shuffle | skip count=100 | batch batch_size=8", 0, 1);
    assert_int_equal(n_reads, 8);
}

/* A record that is read a second time is kept; with little memory it is not. */
static void records_are_kept(void **state)
{
    static const char spec[] = "cifar10 strict=false usage=train | shuffle | batch batch_size=25";
    const uint64_t memories[] = {0, 600000};

    (void)state;
    for (int m = 0; m < 2; m++) {
        const dp_options options = {
            .size = sizeof options, .root = FIXTURE, .threads = 2, .memory = memories[m]};
        dp_pipeline *p;
        test_hex first;
        reset(WHOLE);
        assert_ok(dp_open(&p, spec, 1, &options, &test_error));
        first = test_stream_digest(p, UINT64_MAX);
        for (int epoch = 2; epoch < 6; epoch++) {
            assert_int_equal(n_reads, m == 0 && epoch > 3 ? 200 : 100 * (epoch - 1));
            assert_ok(dp_seek(p, 0, &test_error));
            assert_string_equal(test_stream_digest(p, UINT64_MAX).text, first.text);
        }
        dp_close(p);
    }
}

/* The official size: 40,000 records are passed over in a file of the real shape. */
static void skip_40000(void **state)
{
    const char *root = getenv("DETPIPE_CIFAR10");
    const dp_options options = {.size = sizeof options, .root = root, .threads = 1};
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    if (root == NULL) {
        print_message("skipped: DETPIPE_CIFAR10 does not name the real CIFAR-10\n");
        skip();
    }
    reset(WHOLE);
    assert_ok(dp_open(&p, "cifar10 usage=train | skip count=40000 | batch batch_size=32", 1,
                      &options, &test_error));
    assert_int_equal(n_reads, 2 * 10); /* the first record of each two files: are they copies? */
    reset(WHOLE);
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(n_reads, 32);
    assert_int_equal(*(int64_t *)dp_batch_get(b, "id")->data, 40000);
    dp_close(p);
}

static void short_and_interrupted_reads(void **state)
{
    dp_pipeline *p = test_open(SMALL_CIFAR " | batch batch_size=7", 1, 0);
    test_hex whole, pieces;

    (void)state;
    reset(WHOLE);
    whole = test_stream_digest(p, UINT64_MAX);
    reset(INTERRUPTED);
    assert_ok(dp_seek(p, 0, &test_error));
    pieces = test_stream_digest(p, UINT64_MAX);
    assert_string_equal(whole.text, pieces.text);
    dp_close(p);
}

static void failing_reads(void **state)
{
    dp_pipeline *p = test_open(SMALL_CIFAR " | skip count=3", 1, 0);
    dp_batch *b = NULL;

    (void)state;
    reset(BROKEN);
    assert_int_equal(dp_next(p, &b, &test_error), DP_EIO);
    assert_int_equal(test_error.record, 3);
    assert_non_null(strstr(test_error.message, "record 3 of data_batch_1.bin cannot be read"));
    reset(WHOLE);
    assert_int_equal(dp_next(p, &b, &test_error), DP_EIO); /* until it is moved */
    assert_ok(dp_seek(p, 0, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skip_reads_nothing_it_passes),
        cmocka_unit_test(records_are_kept),
        cmocka_unit_test(skip_40000),
        cmocka_unit_test(short_and_interrupted_reads),
        cmocka_unit_test(failing_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
