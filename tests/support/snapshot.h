/* snapshot.h - writing, damaging and repairing snapshots in tests
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_SNAPSHOT_H
#define TESTS_SUPPORT_SNAPSHOT_H

#include "detpipe_snapshot.h"
#include "tests/support/test.h"

/* As test_work_set_up, and where its snapshot stands. */
extern char test_snapshot_path[300];
int test_snapshot_set_up(void **);

/* The stream of the text, opened on the fixture with seed 1. */
dp_status test_snapshot_write(const char *spec, uint32_t threads, const char *path,
                              const dp_snapshot_options *);

/* Whether it is damaged, or cannot be opened; fails the test unless that is expected. */
bool test_snapshot_check(const char *path, bool expected);
dp_status test_snapshot_repair(const char *path, const char *spec);

/* A bit of one record, in a snapshot without compression. */
void test_snapshot_damage(const char *path, const char *spec, uint64_t record);

test_bytes_of test_read_all(const char *folder); /* names and bytes of all files */
void test_assert_all(const test_bytes_of *);     /* of test_work: they are these */
size_t test_header_size(const test_bytes_of *);
void test_write_at(const char *path, size_t at, const void *bytes, size_t n);

typedef struct test_names {
    char **name; /* paths, sorted */
    size_t n;
} test_names;
test_names test_names_of(const char *folder);
void test_names_free(test_names *);

/* As another process that writes the file. */
typedef struct test_lock {
    int fd;
} test_lock;
void test_lock_take(test_lock *, const char *path);
void test_lock_give(test_lock *);

#endif
