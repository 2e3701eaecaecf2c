/* test_large.c - 4 GB under a limit of 256 MB: exact orders, right records, memory kept to
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The file is sparse: 65,536 records of 64 KiB, each with its number in the first bytes of some.
 * Its snapshot is compressed, so that neither takes room on the disk.
 */
#include <fcntl.h>
#include <unistd.h>

#include "tests/support/snapshot.h"

#define N_RECORDS 65536
#define RECORD    65536
#define MEMORY    ((uint64_t)256 << 20)
#define EVERY     97 /* record that is marked */

static int set_up(void **state)
{
    char path[300];
    int fd;

    (void)state;
    test_work_set_up(state);
    snprintf(path, sizeof path, "%s/big", test_work);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)N_RECORDS * RECORD), 0);
    for (int64_t i = 0; i < N_RECORDS; i += EVERY)
        assert_int_equal(pwrite(fd, &i, sizeof i, (off_t)i * RECORD + RECORD / 2), sizeof i);
    close(fd);
    return 0;
}

static dp_pipeline *open_within(const char *text, test_allocator *a, uint32_t threads)
{
    dp_options options = {.size = sizeof options,
                          .root = test_work,
                          .threads = threads,
                          .prefetch = threads - 1,
                          .memory = MEMORY};
    dp_pipeline *p = NULL;

    test_allocator_init(a);
    options.alloc = &a->hooks;
    assert_ok(dp_open(&p, text, 1, &options, &test_error));
    return p;
}

static void close_within(dp_pipeline *p, const test_allocator *a)
{
    dp_close(p);
    assert_int_equal(a->live, 0);
    assert_true(a->most <= MEMORY);
}

/* All positions of the stream: each record once. */
static void assert_permutation(dp_pipeline *p)
{
    uint8_t *seen = calloc(1, N_RECORDS);
    int64_t records[64];
    size_t rows, readers, in_place = 0;

    for (uint64_t b = 0; b < dp_length(p); b++) {
        assert_ok(dp_records(p, b, records, 64, &rows, &readers, &test_error));
        for (size_t i = 0; i < rows; i++) {
            assert_int_equal(seen[records[i]]++, 0);
            in_place += (uint64_t)records[i] == b * 64 + i;
        }
    }
    assert_non_null(memchr(seen, 1, 1));
    assert_null(memchr(seen, 0, N_RECORDS));
    assert_true(in_place < 20); /* one is expected of an exact shuffle */
    free(seen);
}

/* The records of some batches are those of the file. */
static void assert_records(dp_pipeline *p)
{
    dp_batch *b = NULL;

    for (uint64_t n = 0; n < 20; n++) {
        assert_ok(dp_seek(p, n * (dp_length(p) / 20), &test_error));
        assert_ok(dp_next(p, &b, &test_error));
        const uint8_t *x = dp_batch_get(b, "x")->data;
        const int64_t *id = dp_batch_get(b, "id")->data;
        for (int64_t i = 0; i < dp_batch_get(b, "x")->shape[0]; i++) {
            int64_t mark;
            memcpy(&mark, x + i * RECORD + RECORD / 2, sizeof mark);
            assert_int_equal(mark, id[i] % EVERY == 0 ? id[i] : 0);
        }
    }
}

#define FIELDS " fields=x:uint8:65536"
#define TAIL   " | shuffle | batch batch_size=64"

static void records_larger_than_memory(void **state)
{
    test_allocator a;
    dp_pipeline *p = open_within("records file=big" FIELDS TAIL, &a, 3);

    (void)state;
    assert_permutation(p);
    assert_records(p);
    close_within(p, &a);
}

static void snapshots_larger_than_memory(void **state)
{
    const dp_snapshot_options options = {.size = sizeof options, .compression = "lz4"};
    test_allocator a;
    char path[300];
    dp_pipeline *p = open_within("records file=big" FIELDS, &a, 1);

    (void)state;
    snprintf(path, sizeof path, "%s/s.dps", test_work);
    assert_ok(dp_snapshot_write(p, path, &options, &test_error));
    close_within(p, &a);
    p = open_within("snapshot file=s.dps" TAIL, &a, 3);
    assert_permutation(p);
    assert_records(p);
    close_within(p, &a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_larger_than_memory),
        cmocka_unit_test(snapshots_larger_than_memory),
    };
    return cmocka_run_group_tests(tests, set_up, test_work_tear_down);
}
