/* test_identity.c - the identity of a data set is that of what was opened
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Files change under a pipeline: between open and the first state, between two states, while they
 * are read (pread is linked to the one here, see tests/CMakeLists.txt).
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/snapshot.h"

static char path[300];
static const char *const folder = test_work;

static unsigned long reads, change_at; /* 0 = never */

ssize_t __real_pread(int fd, void *bytes, size_t n, off_t at);
ssize_t __wrap_pread(int fd, void *bytes, size_t n, off_t at);

ssize_t __wrap_pread(int fd, void *bytes, size_t n, off_t at)
{
    if (++reads == change_at)
        test_write_at(path, 0, "Q", 1);
    return __real_pread(fd, bytes, n, at);
}

/* ---- files ---- */

static void copy_fixture(const char *from, const char *to)
{
    char name[400];
    test_bytes_of file;

    snprintf(name, sizeof name, "%s/%s", TEST_GOLDEN, from);
    file = test_read_file(name);
    test_write(folder, to, file.bytes, file.size);
    free(file.bytes);
}

/* Times that nothing else gives. */
static void set_times(time_t to)
{
    const struct timespec times[2] = {{to, 7}, {to, 7}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct stat look(void)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st;
}

/* One byte of what a record delivers is flipped, in place, and the time of change is set back.  The
 * other time of change goes by ticks: until one is over, it is set again. */
static void change(size_t at)
{
    const struct stat before = look();
    test_bytes_of file = test_read_file(path);
    uint8_t flipped;
    struct stat now;

    assert_true(file.size > at);
    flipped = file.bytes[at] ^ 1;
    free(file.bytes);
    test_write_at(path, at, &flipped, 1);
    do {
        set_times(1000);
        now = look();
    } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
             now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static dp_pipeline *open_it(const char *spec, const char *identities)
{
    const dp_options options = {
        .size = sizeof options, .root = folder, .threads = 1, .identities = identities};
    dp_pipeline *p;

    assert_ok(dp_open(&p, spec, 1, &options, &test_error));
    return p;
}

static dp_status digest_of(dp_pipeline *p, uint8_t digest[16])
{
    return dp_dataset_digest(p, digest, &test_error);
}

static void assert_named(dp_status status, const char *name)
{
    assert_int_equal(status, DP_ESTATE);
    if (strstr(test_error.message, name) == NULL ||
        strstr(test_error.message, "changed since it was opened") == NULL)
        fail_msg("%s: %s", name, test_error.message);
}

/* Readers whose files are read again and again. */
static const struct {
    const char *spec, *from, *name;
    size_t at; /* a byte that a record delivers */
} readers[] = {
    {"cifar10 strict=false usage=train | batch batch_size=2", "cifar10/data_batch_1.bin",
     "data_batch_1.bin", 1},
    {"cifar10 strict=false usage=test | batch batch_size=2", "cifar10/test_batch.bin",
     "test_batch.bin", 2000},
    {"records file=r fields=a:uint8:20", "cifar10/test_batch.bin", "r", 0},
};
#define N_READERS (sizeof readers / sizeof readers[0])

static void put(size_t reader)
{
    snprintf(path, sizeof path, "%s/%s", folder, readers[reader].name);
    copy_fixture(readers[reader].from, readers[reader].name);
    if (strcmp(readers[reader].name, "r") == 0)
        assert_int_equal(truncate(path, 200), 0);
    set_times(1000);
}

static int set_up(void **state)
{
    reads = change_at = 0;
    return test_snapshot_set_up(state);
}

/* ---- between open and the first state ---- */

static void changed_before_the_first_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_READERS; i++) {
        dp_batch *b = NULL;
        dp_pipeline *p;
        dp_state s;
        uint8_t digest[16];
        put(i);
        p = open_it(readers[i].spec, NULL);
        assert_ok(dp_next(p, &b, &test_error));
        change(readers[i].at);
        assert_named(dp_get_state(p, &s, &test_error), readers[i].name);
        assert_named(dp_set_state(p, &s, &test_error), readers[i].name);
        assert_named(digest_of(p, digest), readers[i].name);
        dp_close(p);
        unlink(path);
    }
}

/* A file under another name, or under none, is read on: what was opened is there. */
static void replaced_or_removed(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_READERS; i++) {
        for (int removed = 0; removed < 2; removed++) {
            dp_pipeline *p, *fresh;
            uint8_t before[16], after[16];
            char aside[320];
            put(i);
            fresh = open_it(readers[i].spec, NULL);
            assert_ok(digest_of(fresh, before));
            dp_close(fresh);
            p = open_it(readers[i].spec, NULL);
            snprintf(aside, sizeof aside, "%s/aside", folder);
            if (removed) {
                assert_int_equal(unlink(path), 0);
            } else {
                copy_fixture("cifar10/data_batch_2.bin", "aside");
                assert_int_equal(rename(aside, path), 0);
            }
            assert_ok(digest_of(p, after));
            assert_memory_equal(before, after, 16);
            dp_close(p);
            unlink(path);
        }
    }
}

/* ---- between two states ---- */

static dp_pipeline *open_with_state(size_t i, dp_state *first)
{
    dp_pipeline *p;

    put(i);
    p = open_it(readers[i].spec, NULL);
    assert_ok(dp_get_state(p, first, &test_error));
    return p;
}

static void changed_after_a_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_READERS; i++) {
        dp_pipeline *p;
        dp_state first, again;
        p = open_with_state(i, &first);
        change(readers[i].at);
        assert_named(dp_get_state(p, &again, &test_error), readers[i].name);
        change(readers[i].at); /* as it was: but what was delivered meanwhile? */
        assert_named(dp_get_state(p, &again, &test_error), readers[i].name);
        dp_close(p);
        p = open_it(readers[i].spec, NULL);
        assert_ok(dp_set_state(p, &first, &test_error));
        dp_close(p);
        unlink(path);
    }
}

/* Other times, owner's rights, the same bytes written again: the content decides. */
static void touched_after_a_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_READERS; i++) {
        dp_pipeline *p;
        dp_state first, again;
        p = open_with_state(i, &first);
        set_times(2000);
        assert_ok(dp_get_state(p, &again, &test_error));
        assert_memory_equal(&first, &again, sizeof first);
        assert_int_equal(chmod(path, 0600), 0);
        assert_ok(dp_get_state(p, &again, &test_error));
        change(readers[i].at);
        change(readers[i].at);
        assert_ok(dp_get_state(p, &again, &test_error));
        assert_memory_equal(&first, &again, sizeof first);
        dp_close(p);
        unlink(path);
    }
}

/* ---- while it is read ---- */

static void changed_while_it_is_read(void **state)
{
    uint8_t digest[16];
    char kept[320];
    dp_pipeline *p;

    (void)state;
    put(2);
    snprintf(kept, sizeof kept, "%s/kept", folder);
    p = open_it(readers[2].spec, "kept");
    reads = 0;
    change_at = 5;
    assert_named(digest_of(p, digest), "r");
    change_at = 0;
    assert_int_equal(access(kept, F_OK), -1); /* no wrong digest is kept for the old file */
    dp_close(p);
}

/* ---- kept digests ---- */

/* Written in place, with its time set back: the second time of change tells. */
static void kept_digests_of_changed_files(void **state)
{
    uint8_t first[16], kept[16], plain[16];
    dp_pipeline *p;

    (void)state;
    put(0);
    p = open_it(readers[0].spec, "kept");
    assert_ok(digest_of(p, first));
    dp_close(p);
    change(readers[0].at);
    p = open_it(readers[0].spec, "kept");
    assert_ok(digest_of(p, kept));
    dp_close(p);
    p = open_it(readers[0].spec, NULL);
    assert_ok(digest_of(p, plain));
    dp_close(p);
    assert_memory_equal(kept, plain, 16);
    assert_memory_not_equal(kept, first, 16);
}

/* ---- in memory, and pictures ---- */

/* What is held in memory is what was opened. */
static void files_held_in_memory(void **state)
{
    static const char spec[] = "idx images=i.gz";
    uint8_t before[16], after[16];
    dp_pipeline *p;

    (void)state;
    snprintf(path, sizeof path, "%s/i.gz", folder);
    copy_fixture("idx/images-idx3-ubyte.gz", "i.gz");
    p = open_it(spec, NULL);
    assert_ok(digest_of(p, before));
    dp_close(p);
    p = open_it(spec, NULL);
    change(30);
    assert_ok(digest_of(p, after));
    assert_memory_equal(before, after, 16);
    dp_close(p);
}

/* Two pictures; the second is the one that changes. */
static void put_pictures(void)
{
    char class[300];

    snprintf(class, sizeof class, "%s/c", folder);
    mkdir(class, 0777);
    copy_fixture("png/a/rgb8.png", "c/0.png");
    copy_fixture("png/a/rgb16.png", "c/1.png");
    snprintf(path, sizeof path, "%s/c/1.png", folder);
}

static void assert_picture(dp_status status, const char *says)
{
    assert_int_equal(status, DP_ESTATE);
    if (strstr(test_error.message, "c/1.png") == NULL || strstr(test_error.message, says) == NULL)
        fail_msg("%s", test_error.message);
    assert_int_equal(test_error.record, 1);
}

static void pictures_that_change(void **state)
{
    uint8_t digest[16], again[16];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    put_pictures();
    p = open_it("png_folder", NULL); /* read, then another: the identity is not of it */
    assert_ok(dp_next(p, &b, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    copy_fixture("png/a/rgba8.png", "c/1.png");
    assert_picture(digest_of(p, digest), "changed since it was first read");
    dp_close(p);

    put_pictures();
    p = open_it("png_folder", NULL); /* identified, then another: it is not delivered */
    assert_ok(digest_of(p, digest));
    copy_fixture("png/a/rgba8.png", "c/1.png");
    b = NULL;
    assert_ok(dp_next(p, &b, &test_error));
    assert_picture(dp_next(p, &b, &test_error), "changed since it was first read");
    put_pictures(); /* the same bytes in a file that is newer */
    assert_ok(dp_seek(p, 1, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    assert_ok(digest_of(p, again));
    assert_memory_equal(digest, again, 16);
    dp_close(p);
}

/* A kept digest is believed without a look at the pictures: then each must be as it was at open. */
static void pictures_with_a_kept_digest(void **state)
{
    uint8_t digest[16];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    put_pictures();
    p = open_it("png_folder", "kept");
    assert_ok(digest_of(p, digest));
    dp_close(p);
    p = open_it("png_folder", "kept");
    assert_ok(digest_of(p, digest));
    copy_fixture("png/a/rgba8.png", "c/1.png");
    assert_ok(dp_next(p, &b, &test_error));
    assert_picture(dp_next(p, &b, &test_error), "changed since it was opened");
    dp_close(p);
}

/* One that is bad or gone fails at the digest, which a trainer takes first, and by name. */
static void pictures_that_are_bad(void **state)
{
    uint8_t digest[16];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    put_pictures();
    assert_int_equal(truncate(path, 60), 0);
    p = open_it("png_folder", NULL);
    assert_int_equal(digest_of(p, digest), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "c/1.png"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(digest_of(p, digest), DP_EIO);
    assert_non_null(strstr(test_error.message, "c/1.png"));
    assert_ok(dp_next(p, &b, &test_error)); /* what is not asked for costs nothing */
    dp_close(p);
}

/* ---- stamps ---- */

static uint64_t stamp_of(dp_pipeline *p)
{
    uint64_t stamp = 0;

    assert_ok(dp_dataset_stamp(p, &stamp, &test_error));
    return stamp;
}

static uint64_t fresh_stamp(const char *spec)
{
    dp_pipeline *p = open_it(spec, NULL);
    const uint64_t stamp = stamp_of(p);

    dp_close(p);
    return stamp;
}

/* The same of two handles, of a text with other stages, and another once the file changed; the
 * handle that was there before says so, unless it knows that the content came back: then its stamp
 * is that of the file as it was. */
static void stamps_of_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_READERS; i++) {
        dp_pipeline *p;
        dp_state s;
        uint64_t before, again;
        char longer[200];
        put(i);
        p = open_it(readers[i].spec, NULL);
        before = stamp_of(p);
        snprintf(longer, sizeof longer, "%s | repeat", readers[i].spec);
        assert_true(before == fresh_stamp(readers[i].spec) && before == fresh_stamp(longer));
        change(readers[i].at);
        assert_named(dp_dataset_stamp(p, &again, &test_error), readers[i].name);
        assert_true(fresh_stamp(readers[i].spec) != before);
        dp_close(p);
        p = open_with_state(i, &s);
        change(readers[i].at);
        change(readers[i].at);
        assert_true(stamp_of(p) != fresh_stamp(readers[i].spec));
        dp_close(p);
        unlink(path);
    }
}

/* What is held in memory has the stamp of what was read; what is made, of what it is made from. */
static void stamps_without_a_file_to_look_at(void **state)
{
    uint64_t before;
    dp_pipeline *p;

    (void)state;
    snprintf(path, sizeof path, "%s/i.gz", folder);
    copy_fixture("idx/images-idx3-ubyte.gz", "i.gz");
    p = open_it("idx images=i.gz", NULL);
    change(30);
    before = stamp_of(p);
    dp_close(p);
    change(30); /* what was opened, but for its times */
    assert_true(before != fresh_stamp("idx images=i.gz"));
    assert_true(fresh_stamp("range count=8") == fresh_stamp("range count=8 | shuffle"));
    assert_true(fresh_stamp("range count=8") != fresh_stamp("range count=9"));
}

/* A picture that was not read yet is what it is now; one that was read must be there still. */
static void stamps_of_pictures(void **state)
{
    uint64_t before, again;
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    put_pictures();
    p = open_it("png_folder", NULL);
    before = stamp_of(p);
    assert_true(before == fresh_stamp("png_folder"));
    copy_fixture("png/a/rgba8.png", "c/1.png");
    again = stamp_of(p);
    assert_true(again != before && again == fresh_stamp("png_folder"));
    assert_ok(dp_next(p, &b, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    assert_true(stamp_of(p) == again);
    copy_fixture("png/a/rgb16.png", "c/1.png");
    assert_picture(dp_dataset_stamp(p, &again, &test_error), "changed since it was read");
    dp_close(p);
}

/* ---- snapshots ---- */

static void change_once(void *ctx, uint64_t done, uint64_t of)
{
    (void)ctx;
    (void)of;
    if (done == 3)
        change(0);
}

/* Nothing is left of rows that are of two data sets, not even for --resume. */
static void changed_while_a_snapshot_is_written(void **state)
{
    static const uint64_t shard_sizes[] = {0, 40};
    char out[300];

    (void)state;
    snprintf(out, sizeof out, "%s/out/s.dps", folder);
    for (size_t i = 0; i < 2; i++) {
        const dp_snapshot_options options = {.size = sizeof options,
                                             .block_size = 20,
                                             .shard_size = shard_sizes[i],
                                             .progress = change_once};
        dp_pipeline *p;
        put(2);
        snprintf(out, sizeof out, "%s/out", folder);
        assert_int_equal(mkdir(out, 0777), 0);
        snprintf(out, sizeof out, "%s/out/s.dps", folder);
        p = open_it(readers[2].spec, NULL);
        assert_named(dp_snapshot_write(p, out, &options, &test_error), "r");
        dp_close(p);
        snprintf(out, sizeof out, "%s/out", folder);
        assert_int_equal(rmdir(out), 0);
        unlink(path);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, test_work_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(changed_before_the_first_state),
        TEST(replaced_or_removed),
        TEST(changed_after_a_state),
        TEST(touched_after_a_state),
        TEST(changed_while_it_is_read),
        TEST(kept_digests_of_changed_files),
        TEST(files_held_in_memory),
        TEST(pictures_that_change),
        TEST(pictures_with_a_kept_digest),
        TEST(pictures_that_are_bad),
        TEST(stamps_of_files),
        TEST(stamps_without_a_file_to_look_at),
        TEST(stamps_of_pictures),
        TEST(changed_while_a_snapshot_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
