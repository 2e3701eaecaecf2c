/* test_faults.c - every reader without memory, and files that change while they are in use
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Arenas take a chunk for each allocation here (tests/CMakeLists.txt), so that every one of them is
 * once the one that fails.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "tests/support/arrays.h"
#include "tests/support/test.h"

#define FIXTURE TEST_GOLDEN "/cifar10"

/* What the golden lines do not have: other containers and ways to read. */
static const char *const other_ways[] = {
    "cifar10 dataset_dir=cifar-10-batches-py strict=false",
    "png_folder dataset_dir=../png channels=1",
    "snapshot file=../snapshot/batches.dps",
    "snapshot file=../snapshot/batches.dps batched=true",
    "snapshot file=../snapshot/rows.dps on_error=skip",
};
#define N_OTHER_WAYS (sizeof other_ways / sizeof other_ways[0])

static test_lines readers;

static int list_readers(void **state)
{
    (void)state;
    readers = test_readers();
    readers.line = realloc(readers.line, (readers.n + N_OTHER_WAYS) * sizeof *readers.line);
    for (size_t i = 0; i < N_OTHER_WAYS; i++)
        readers.line[readers.n++] = strdup(other_ways[i]);
    return 0;
}

static int forget_readers(void **state)
{
    (void)state;
    test_lines_free(&readers);
    return 0;
}

/* How many rows there are, and each of them; folded into *sum, unless it is NULL. */
static dp_status read_all_of(const char *spec, const char *root, const dp_allocator *alloc,
                             uint64_t memory, uint8_t sum[16])
{
    const dp_options options = {.size = sizeof options,
                                .root = root,
                                .threads = 1,
                                .memory = memory,
                                .alloc = alloc,
                                .arrays = test_arrays};
    dp_pipeline *p = NULL;
    dp_batch *b = NULL;
    dp_status status = dp_open(&p, spec, 1, &options, &test_error);

    assert_true((status == DP_OK) == (p != NULL));
    if (status == DP_OK && sum != NULL)
        memcpy(sum, &(uint64_t){dp_length(p)}, sizeof(uint64_t));
    while (status == DP_OK && (status = dp_next(p, &b, &test_error)) == DP_OK) {
        uint8_t both[32];
        if (sum == NULL)
            continue;
        memcpy(both, sum, 16);
        dp_batch_digest(b, both + 16);
        dp_digest(both, sizeof both, sum);
    }
    dp_close(p);
    return status == DP_END ? DP_OK : status;
}

static dp_status read_all(const char *spec, const char *root, const dp_allocator *alloc,
                          uint64_t memory)
{
    return read_all_of(spec, root, alloc, memory, NULL);
}

/* Each allocation in turn, until there is none that could fail: an error and no leak, or the same
 * rows. */
static void every_allocation_fails(void **state)
{
    (void)state;
    for (size_t r = 0; r < readers.n; r++) {
        uint8_t whole[16] = {0};
        test_allocator a = {0};
        assert_ok(read_all_of(readers.line[r], FIXTURE, NULL, 0, whole));
        for (unsigned long fail_at = 1; fail_at == 1 || a.n >= a.fail_at; fail_at++) {
            uint8_t sum[16] = {0};
            dp_status status;
            test_allocator_init(&a);
            a.fail_at = fail_at;
            status = read_all_of(readers.line[r], FIXTURE, &a.hooks, 0, sum);
            if (status != DP_ENOMEM && (status != DP_OK || memcmp(sum, whole, 16) != 0))
                fail_msg("%s, allocation %lu: status %d, %s", readers.line[r], fail_at, status,
                         status == DP_OK ? "other rows" : test_error.message);
            assert_int_equal(a.live, 0);
        }
        assert_true(a.fail_at > 10);
    }
}

/* A picture that is being read, or looked at, one in each thread: of png_folder, image_folder,
 * webdataset, tfrecord and mindrecord. */
static bool is_counted_alone(const char *spec)
{
    return strstr(spec, "_folder ") != NULL || strstr(spec, "webdataset ") != NULL ||
           strstr(spec, "tfrecord ") != NULL || strstr(spec, "mindrecord ") != NULL;
}

/* dp_options.memory: kept to at every size, until it is enough. */
static void memory_is_kept_to(void **state)
{
    (void)state;
    for (size_t r = 0; r < readers.n; r++) {
        uint64_t memory = 4096; /* the handle itself is less */
        dp_status status;
        do {
            test_allocator a;
            test_allocator_init(&a);
            memory += memory / 4;
            status = read_all(readers.line[r], FIXTURE, &a.hooks, memory);
            if (status != DP_OK && status != DP_ELIMIT)
                fail_msg("%s with %llu bytes: %s", readers.line[r], (unsigned long long)memory,
                         test_error.message);
            assert_int_equal(a.live, 0);
            if (a.most > (is_counted_alone(readers.line[r]) ? 2 * memory : memory))
                fail_msg("%s: %llu bytes of %llu", readers.line[r], (unsigned long long)a.most,
                         (unsigned long long)memory);
        } while (status != DP_OK);
    }
}

static dp_status open_within(const char *spec, uint64_t memory)
{
    const dp_options options = {.size = sizeof options,
                                .root = FIXTURE,
                                .threads = 1,
                                .memory = memory,
                                .arrays = test_arrays};
    dp_pipeline *p = NULL;
    const dp_status status = dp_open(&p, spec, 1, &options, &test_error);

    dp_close(p);
    return status;
}

static void opens_with_all_from_enough_on(const char *spec)
{
    bool enough = false;

    for (uint64_t memory = 4096; memory < 4 << 20; memory += memory / 64) {
        const dp_status status = open_within(spec, memory);
        if (enough && status != DP_OK)
            fail_msg("%s with %llu bytes, and with less it opened: %s", spec,
                     (unsigned long long)memory, test_error.message);
        enough = enough || status == DP_OK;
    }
    assert_true(enough);
}

/* Once memory is enough, more of it is, too: what a reader may keep is taken last. */
static void more_memory_is_enough(void **state)
{
    (void)state;
    for (size_t r = 0; r < readers.n; r++)
        opens_with_all_from_enough_on(readers.line[r]);
    opens_with_all_from_enough_on("cifar10 strict=false usage=train | batch batch_size=100");
}

/* zlib's own memory, for its state and for its window, is within the limit. */
static void memory_of_a_gz_file_is_kept_to(void **state)
{
    static uint8_t image[1 << 17] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0xAA, 0};
    char folder[256], path[300];
    dp_status status = DP_ELIMIT;
    gzFile gz;

    (void)state;
    for (size_t i = 12; i < sizeof image; i++)
        image[i] = (uint8_t)(i * i >> 7);
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/x.gz", folder);
    gz = gzopen(path, "wb");
    assert_non_null(gz);
    assert_int_equal(gzwrite(gz, image, 12 + 3 * 0xAA00), 12 + 3 * 0xAA00);
    assert_int_equal(gzclose(gz), Z_OK);
    for (uint64_t memory = 4096; status == DP_ELIMIT; memory += 512)
        status = read_all("idx images=x.gz", folder, NULL, memory);
    assert_ok(status);
    test_folder_remove(folder);
}

/* ---- files that change ---- */

typedef struct in_use {
    char folder[256], path[300];
    dp_pipeline *p;
    dp_batch *b;
} in_use;

/* Four records of one byte, the first of them read. */
static void start(in_use *u)
{
    const dp_options options = {.size = sizeof options, .root = u->folder, .threads = 1};

    test_folder(u->folder, sizeof u->folder);
    snprintf(u->path, sizeof u->path, "%s/r", u->folder);
    test_write(u->folder, "r", "abcd", 4);
    u->b = NULL;
    assert_ok(dp_open(&u->p, "records file=r fields=a:uint8", 1, &options, &test_error));
    assert_ok(dp_next(u->p, &u->b, &test_error));
}

static void stop(in_use *u)
{
    dp_close(u->p);
    test_folder_remove(u->folder);
}

static uint8_t next(in_use *u)
{
    assert_ok(dp_next(u->p, &u->b, &test_error));
    return *(const uint8_t *)dp_batch_get(u->b, "a")->data;
}

static void a_file_that_grows_keeps_its_records(void **state)
{
    in_use u;

    (void)state;
    start(&u);
    test_write(u.folder, "r", "abcdefgh", 8);
    assert_int_equal(dp_length(u.p), 4);
    for (int i = 1; i < 4; i++)
        assert_int_equal(next(&u), "abcd"[i]);
    assert_int_equal(dp_next(u.p, &u.b, &test_error), DP_END);
    stop(&u);
}

static void a_file_that_is_replaced_is_read_on(void **state)
{
    in_use u;
    char other[300];

    (void)state;
    start(&u);
    test_write(u.folder, "other", "WXYZ", 4);
    snprintf(other, sizeof other, "%s/other", u.folder);
    assert_int_equal(rename(other, u.path), 0);
    assert_int_equal(next(&u), 'b');
    assert_int_equal(unlink(u.path), 0);
    assert_int_equal(next(&u), 'c');
    stop(&u);
}

static void a_file_that_shrinks_is_an_error_until_moved(void **state)
{
    in_use u;

    (void)state;
    start(&u);
    assert_int_equal(truncate(u.path, 2), 0);
    assert_int_equal(next(&u), 'b');
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dp_next(u.p, &u.b, &test_error), DP_ECORRUPT);
        assert_int_equal(test_error.record, 2);
    }
    assert_non_null(strstr(test_error.message, "is cut"));
    assert_ok(dp_seek(u.p, 0, &test_error));
    assert_int_equal(next(&u), 'a');
    stop(&u);
}

/* c/a.png and c/b.png in a new folder; `more` bytes stand behind the pictures. */
static void make_pictures(char *folder, size_t size, size_t more)
{
    uint8_t *bytes = calloc(1, 4096 + more);
    char class[270];
    FILE *f = fopen(TEST_GOLDEN "/png/a/rgb8.png", "rb");
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, 4096, f) + more;
    fclose(f);
    test_folder(folder, size);
    snprintf(class, sizeof class, "%s/c", folder);
    assert_int_equal(mkdir(class, 0700), 0);
    test_write(class, "a.png", bytes, n);
    test_write(class, "b.png", bytes, n);
    free(bytes);
}

/* png_folder opens a picture when it is read. */
static void a_picture_that_is_gone_names_itself(void **state)
{
    char folder[256], path[300], kept[300];
    dp_options options = {.size = sizeof options, .root = folder, .threads = 1};
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    make_pictures(folder, sizeof folder, 0);
    snprintf(path, sizeof path, "%s/c/b.png", folder);
    snprintf(kept, sizeof kept, "%s/kept", folder);
    assert_ok(dp_open(&p, "png_folder", 1, &options, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(rename(path, kept), 0);
    assert_int_equal(dp_next(p, &b, &test_error), DP_EIO);
    assert_int_equal(test_error.record, 1);
    assert_non_null(strstr(test_error.message, "b.png"));
    assert_int_equal(rename(kept, path), 0);
    assert_ok(dp_seek(p, 1, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
    test_folder_remove(folder);
}

static void a_picture_is_held_to_memory(void **state)
{
    char folder[256];

    (void)state;
    make_pictures(folder, sizeof folder, 1 << 20);
    assert_int_equal(read_all("png_folder", folder, NULL, 1 << 20), DP_ELIMIT);
    assert_ok(read_all("png_folder", folder, NULL, 1 << 21));
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(memory_is_kept_to),
        cmocka_unit_test(more_memory_is_enough),
        cmocka_unit_test(memory_of_a_gz_file_is_kept_to),
        cmocka_unit_test(a_file_that_grows_keeps_its_records),
        cmocka_unit_test(a_file_that_is_replaced_is_read_on),
        cmocka_unit_test(a_file_that_shrinks_is_an_error_until_moved),
        cmocka_unit_test(a_picture_that_is_gone_names_itself),
        cmocka_unit_test(a_picture_is_held_to_memory),
    };
    return cmocka_run_group_tests(tests, list_readers, forget_readers);
}
