/* test_identities.c - the file in which digests of data sets are kept when that is asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * flock, pwrite and fsync are linked to the ones here (see tests/CMakeLists.txt): the disk fails,
 * and another process comes where it is in the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "tests/support/snapshot.h"

#define LINE 83

int __real_flock(int fd, int how);
ssize_t __real_pwrite(int fd, const void *bytes, size_t n, off_t at);
int __real_fsync(int fd);
int __wrap_flock(int fd, int how);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at);
int __wrap_fsync(int fd);

static struct {
    void (*before_lock)(void), (*within_lock)(void), (*at_lock)(void);
    int locked;   /* the file within_lock is called for */
    ssize_t room; /* that a write finds; below 0: enough */
    int sync_error;
} met;

static void call_once(void (**f)(void))
{
    void (*const call)(void) = *f;

    *f = NULL;
    if (call != NULL)
        call();
}

int __wrap_flock(int fd, int how)
{
    int result;

    call_once(&met.at_lock);
    if (how == LOCK_EX)
        call_once(&met.before_lock);
    result = __real_flock(fd, how);
    met.locked = fd;
    if (how == LOCK_EX)
        call_once(&met.within_lock);
    return result;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    errno = ENOSPC;
    if (met.room == 0)
        return -1;
    if (met.room > 0 && (size_t)met.room < n) {
        n = (size_t)met.room;
        met.room = 0;
    }
    return __real_pwrite(fd, bytes, n, at);
}

int __wrap_fsync(int fd)
{
    errno = met.sync_error;
    return met.sync_error != 0 ? -1 : __real_fsync(fd);
}

static const char *const folder = test_work;
static char kept[300];

static int set_up(void **state)
{
    test_snapshot_set_up(state);
    memset(&met, 0, sizeof met);
    met.room = -1;
    snprintf(kept, sizeof kept, "%s/kept", folder);
    return 0;
}

static dp_status identify(const char *spec, const char *root, const char *file, uint8_t digest[16])
{
    const dp_options options = {
        .size = sizeof options, .root = root, .threads = 1, .identities = file};
    dp_pipeline *p;
    dp_status status;

    assert_ok(dp_open(&p, spec, 1, &options, &test_error));
    status = dp_dataset_digest(p, digest, &test_error);
    dp_close(p);
    return status;
}

static size_t n_lines(void)
{
    test_bytes_of file = test_read_file(kept);
    free(file.bytes);
    assert_int_equal(file.size % LINE, 0);
    return file.size / LINE;
}

/* Another digest with a right check in the line: whoever gives it has read the file. */
static void forge(size_t line)
{
    test_bytes_of file = test_read_file(kept);
    char *at = (char *)file.bytes + line * LINE, check[18];

    memcpy(at + 33, "00112233445566778899aabbccddeeff", 32);
    snprintf(check, sizeof check, "%016llx", (unsigned long long)dp_hash64(at, 65));
    memcpy(at + 66, check, 16);
    test_write_at(kept, 0, file.bytes, file.size);
    free(file.bytes);
}

static const uint8_t forged[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

/* Texts that differ in what they read from their files. */
static const char *const more[] = {
    "cifar10 strict=false usage=test",
    "cifar10 dataset_dir=cifar-10-batches-py strict=false",
    "idx images=../idx/images-idx3-ubyte.gz",
    "records file=test_batch.bin fields=image:uint8:3072,label:uint8",
    "records file=test_batch.bin fields=label:uint8,image:uint8:3072 header=3073",
};
#define N_MORE (sizeof more / sizeof more[0])

/* Whose records are in files, and are not the stream that somebody wrote down. */
static bool reads_files(const char *text)
{
    return strncmp(text, "memory", 6) != 0 && strncmp(text, "range", 5) != 0 &&
           strncmp(text, "snapshot", 8) != 0 && strncmp(text, "synthetic", 9) != 0;
}

static void is_computed_and_kept(const char *text, size_t n)
{
    uint8_t plain[16], first[16];

    assert_ok(identify(text, FIXTURE, NULL, plain));
    assert_ok(identify(text, FIXTURE, kept, first));
    assert_memory_equal(first, plain, 16);
    if (n_lines() != n)
        fail_msg("%s: its identity is not kept, or is taken for another's", text);
}

static void is_found_again(const char *text, size_t line)
{
    uint8_t again[16];

    forge(line);
    assert_ok(identify(text, FIXTURE, kept, again));
    assert_memory_equal(again, forged, 16);
}

/* Each is computed once; no two are taken for one another. */
static void each_reader_is_kept(void **state)
{
    test_lines readers = test_readers();
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < readers.n; i++) {
        if (reads_files(readers.line[i]))
            readers.line[n++] = readers.line[i];
        else
            free(readers.line[i]);
    }
    readers.n = n;
    assert_true(n >= 5);
    for (size_t i = 0; i < n + N_MORE; i++)
        is_computed_and_kept(i < n ? readers.line[i] : more[i - n], i + 1);
    for (size_t i = 0; i < n + N_MORE; i++)
        is_found_again(i < n ? readers.line[i] : more[i - n], i);
    assert_int_equal(n_lines(), n + N_MORE);
    test_lines_free(&readers);
}

/* Another time of change, another size, another file: computed anew. */
static void changed_files_are_read_again(void **state)
{
    static const char spec[] = "records file=r fields=a:uint8";
    const struct timespec times[2] = {{1000, 0}, {1000, 7}};
    char path[300], other[300];
    uint8_t digest[16];

    (void)state;
    snprintf(path, sizeof path, "%s/r", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    test_write(folder, "r", "abcd", 4);
    assert_ok(identify(spec, folder, "kept", digest)); /* relative to the root */
    assert_int_equal(n_lines(), 1);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_ok(identify(spec, folder, "kept", digest));
    assert_int_equal(n_lines(), 2);
    test_write(folder, "r", "abcde", 5);
    assert_ok(identify(spec, folder, "kept", digest));
    assert_int_equal(n_lines(), 3);
    test_write(folder, "other", "abcdf", 5);
    assert_int_equal(rename(other, path), 0);
    assert_ok(identify(spec, folder, "kept", digest));
    assert_int_equal(n_lines(), 4);
}

/* A flipped bit anywhere in a line: it is not believed. */
static void damaged_lines_are_not_believed(void **state)
{
    test_bytes_of file;
    uint8_t whole[16], digest[16];

    (void)state;
    assert_ok(identify(more[1], FIXTURE, kept, whole));
    file = test_read_file(kept);
    for (size_t i = 0; i < LINE; i++) {
        uint8_t flipped = file.bytes[i] ^ 1;
        assert_int_equal(unlink(kept), 0);
        test_write(folder, "kept", file.bytes, file.size);
        test_write_at(kept, i, &flipped, 1);
        assert_ok(identify(more[1], FIXTURE, kept, digest));
        assert_memory_equal(digest, whole, 16);
        assert_int_equal(n_lines(), 2);
    }
    free(file.bytes);
}

static void files_that_cannot_be(void **state)
{
    char path[300];
    uint8_t digest[16];

    (void)state;
    test_write(folder, "text", "no digests", 10);
    snprintf(path, sizeof path, "%s/text", folder);
    assert_int_equal(identify(more[1], FIXTURE, path, digest), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "holds no digests"));
    assert_int_equal(identify(more[1], FIXTURE, folder, digest), DP_EIO);
    snprintf(path, sizeof path, "%s/nowhere/kept", folder);
    assert_int_equal(identify(more[1], FIXTURE, path, digest), DP_EIO);
}

/* What is kept is what was kept before; the digest that could not be is said to be lost. */
static void a_disk_that_fails(void **state)
{
    uint8_t digest[16];

    (void)state;
    for (ssize_t room = 0; room < 2 * LINE; room += LINE / 2) {
        met.room = room < LINE ? room : -1;
        met.sync_error = room < LINE ? 0 : EIO;
        assert_int_equal(identify(more[0], FIXTURE, kept, digest), DP_EIO);
        assert_non_null(strstr(test_error.message, strerror(room < LINE ? ENOSPC : EIO)));
        assert_int_equal(n_lines(), room == 0 ? 0 : 1);
        met.room = -1;
        met.sync_error = 0;
        assert_ok(identify(more[1], FIXTURE, kept, digest));
        assert_int_equal(n_lines(), 1);
    }
}

static pid_t other;
static int hello[2];

static void say_hello(void) { assert_int_equal(write(hello[1], "x", 1), 1); }

/* Another process, which says when it asks for its first lock. */
static void start_other(bool locked)
{
    uint8_t digest[16];

    assert_int_equal(pipe(hello), 0);
    other = fork();
    if (other == 0) {
        if (locked)
            close(met.locked); /* or it would hold this process's lock */
        met.at_lock = say_hello;
        _exit(identify(more[2], FIXTURE, kept, digest) == DP_OK ? 0 : 1);
    }
}

static void end_other(void)
{
    int status;

    assert_int_equal(waitpid(other, &status, 0), other);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void run_other(void)
{
    start_other(false);
    end_other();
}

static void meet_other(void)
{
    char x;

    start_other(true);
    assert_int_equal(read(hello[0], &x, 1), 1);
}

/* Two processes keep two digests: both are there, whether one comes between the other's look and
 * its writing, or while it writes. */
static void two_processes(void **state)
{
    uint8_t digest[16];

    (void)state;
    for (int during = 0; during < 2; during++) {
        unlink(kept);
        assert_ok(identify(more[0], FIXTURE, kept, digest));
        met.before_lock = during ? NULL : run_other;
        met.within_lock = during ? meet_other : NULL;
        assert_ok(identify(more[1], FIXTURE, kept, digest));
        if (during)
            end_other();
        assert_int_equal(n_lines(), 3);
        for (size_t i = 0; i < 3; i++)
            forge(i);
        for (int i = 0; i < 3; i++) {
            assert_ok(identify(more[i], FIXTURE, kept, digest));
            assert_memory_equal(digest, forged, 16);
        }
        assert_int_equal(n_lines(), 3);
    }
}

/* It is kept once. */
static void keep_the_same(void)
{
    uint8_t digest[16];
    assert_ok(identify(more[0], FIXTURE, kept, digest));
}

static void two_of_one_data_set(void **state)
{
    uint8_t digest[16];

    (void)state;
    met.before_lock = keep_the_same;
    assert_ok(identify(more[0], FIXTURE, kept, digest));
    assert_int_equal(n_lines(), 1);
}

/* 1 MiB of lines, then the next one begins anew. */
static void a_full_file_begins_anew(void **state)
{
    const size_t most = ((size_t)1 << 20) / LINE;
    char *lines = malloc(most * LINE);
    uint8_t digest[16];

    (void)state;
    assert_non_null(lines);
    memset(lines, '0', most * LINE);
    test_write(folder, "kept", lines, (most - 1) * LINE);
    assert_ok(identify(more[0], FIXTURE, kept, digest));
    assert_int_equal(n_lines(), most);
    assert_ok(identify(more[1], FIXTURE, kept, digest));
    assert_int_equal(n_lines(), 1);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_reader_is_kept, set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(changed_files_are_read_again, set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(damaged_lines_are_not_believed, set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_be, set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails, set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(two_processes, set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(two_of_one_data_set, set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(a_full_file_begins_anew, set_up, test_work_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
