/* test.h - what the tests share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detpipe.h"
#include "detpipe_net.h"

#define FIXTURE     TEST_GOLDEN "/cifar10"
#define SMALL_CIFAR "cifar10 strict=false"

/* Fails the test with the library's message unless status is DP_OK. */
#define assert_ok(call) test_assert_ok((call), &test_error, __FILE__, __LINE__)
extern dp_error test_error;
void test_assert_ok(dp_status, const dp_error *, const char *file, int line);

/* Opens spec with seed 1 and the fixture as root. */
dp_pipeline *test_open(const char *spec, uint32_t threads, uint32_t prefetch);

typedef struct test_hex {
    char text[65];
} test_hex;
test_hex test_hex_of(const uint8_t *bytes, size_t n);

/* One digest of all batches from here to the end, or of n of them. */
test_hex test_stream_digest(dp_pipeline *, uint64_t n);

size_t test_bytes(const dp_tensor *);
size_t test_n_tensors(const dp_archive *);
test_hex test_sha256(const void *bytes, size_t n);

typedef struct test_sha256_state {
    uint32_t h[8];
    uint8_t block[64];
    uint64_t length;
} test_sha256_state;
void test_sha256_init(test_sha256_state *);
void test_sha256_add(test_sha256_state *, const void *bytes, size_t n);
test_hex test_sha256_final(test_sha256_state *);

/* The lines of a golden file, without comments; the caller frees it with test_lines_free. */
typedef struct test_lines {
    char **line;
    size_t n;
} test_lines;
test_lines test_lines_read(const char *name);
void test_lines_free(test_lines *);
/* A text of each reader, and of it alone: the first in stages.txt. */
test_lines test_readers(void);
/* The value of "key=value" in a line (to the next blank), or NULL. */
const char *test_word(const char *line, const char *key, char *out, size_t size);

/* Seed of a property test: DETPIPE_TEST_SEED or a new one; printed, so that a failure can be run
 * again. */
uint64_t test_seed(void);

/* Counts, and fails allocation number `fail_at` (from 1; 0 = none). */
typedef struct test_allocator {
    dp_allocator hooks;
    unsigned long n, n_freed, fail_at;
    long live;
    uint64_t bytes, most; /* at work now, and at their most */
    unsigned long beyond; /* blocks behind whose end somebody wrote */
} test_allocator;
void test_allocator_init(test_allocator *);

/* A new folder under the temporary one; removed with all that is in it. */
void test_folder(char *out, size_t size);
void test_folder_remove(const char *path);

/* The one that a test works in: its set-up and tear-down. */
extern char test_work[256];
int test_work_set_up(void **);
int test_work_tear_down(void **);

/* A golden file; or, where test_live_shards.sh wrote it anew, that one. */
const char *test_shard(const char *name);
void test_write(const char *folder, const char *name, const void *bytes, size_t n);
/* The whole file into `room` bytes, of which one stays; its size. */
size_t test_read(const char *path, void *bytes, size_t room);
/* The same in memory that the caller frees; a byte more than `size` is there. */
typedef struct test_bytes_of {
    uint8_t *bytes;
    size_t size;
} test_bytes_of;
test_bytes_of test_read_file(const char *path);

/* Opens a text, seed 1, that may use a reader of the test's own; test_error says why not.  One
 * thread is the caller's: nothing is read ahead. */
dp_status test_open_own(dp_pipeline **, const char *spec, const dp_own_reader *, uint32_t threads);

/* The same n bytes each time: the generator of tests/golden/make_pillow.py. */
void test_noise(uint8_t *bytes, size_t n);

#endif
