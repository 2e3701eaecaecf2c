/* test_snapshot_faults.c - a snapshot being written when the disk fails or the process is killed
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * write, fsync and rename are linked to the ones here (see tests/CMakeLists.txt), which fail, write
 * less or kill the process at a call that is chosen.  The old file stays, or there is none; what
 * was written goes on to the same bytes.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/snapshot.h"

#define STREAM                                                                                     \
    SMALL_CIFAR " usage=test | take count=30 | shuffle | resize size=6 | rescale rescale=1/255 | " \
                "batch batch_size=7"
#define VARIES "snapshot file=../snapshot/varies.dps | shuffle | repeat count=12" /* in shape */

ssize_t __real_write(int fd, const void *bytes, size_t n);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

enum { SOUND, FAIL, SHORT, INTERRUPTED, NOTHING, KILL };

static struct {
    int how, error;
    unsigned long calls, at; /* of all three; the one that is disturbed */
    size_t part;             /* bytes that are written before the process is killed */
} fault;

static bool is_here(void) { return ++fault.calls == fault.at; }

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    const bool here = is_here();

    if (fault.how == SHORT)
        return __real_write(fd, bytes, n > 11 ? n / 2 : n);
    if (fault.how == INTERRUPTED && fault.calls % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    if (!here)
        return __real_write(fd, bytes, n);
    if (fault.how == KILL) {
        if (__real_write(fd, bytes, fault.part % (n + 1)) >= 0)
            kill(getpid(), SIGKILL);
        abort();
    }
    if (fault.how == NOTHING)
        return 0;
    errno = fault.error;
    return fault.how == FAIL ? -1 : __real_write(fd, bytes, n);
}

int __wrap_fsync(int fd)
{
    const bool here = is_here();

    if (here && fault.how == KILL)
        kill(getpid(), SIGKILL);
    errno = fault.error;
    return here && fault.how == FAIL ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    const bool here = is_here();
    int result;

    errno = fault.error;
    if (here && fault.how == FAIL)
        return -1;
    if (here && fault.how == KILL && fault.part % 2 == 0)
        kill(getpid(), SIGKILL);
    result = __real_rename(from, to);
    if (here && fault.how == KILL)
        kill(getpid(), SIGKILL);
    return result;
}

/* ---- the tests ---- */

static const char *const path = test_snapshot_path;

typedef struct form {
    const char *stream; /* NULL = a copy is made, of what a mirror has */
    uint64_t shard_size;
} form;

static const form forms[] = {{STREAM, 0}, {STREAM, 4000}, {VARIES, 4000}, {NULL, 0}, {NULL, 4000}};
#define N_FORMS (sizeof forms / sizeof forms[0])

static char sources[2][300]; /* whole, with a seal, of one file and of shards */

static dp_status mirror_it(const form *f)
{
    dp_snapshot *s;
    dp_status status;

    assert_ok(dp_snapshot_open(&s, sources[f->shard_size > 0], NULL, &test_error));
    status = dp_snapshot_mirror(s, test_work, NULL, &test_error);
    dp_snapshot_close(s);
    return status;
}

static dp_status write_it(const form *f, int resume)
{
    const dp_snapshot_options options = {.size = sizeof options,
                                         .compression = "lz4",
                                         .block_size = 2000,
                                         .shard_size = f->shard_size,
                                         .resume = resume};
    return f->stream == NULL ? mirror_it(f) : test_snapshot_write(f->stream, 1, path, &options);
}

/* What a mirror finds is never replaced. */
static const char *old_of(const form *f, bool any)
{
    return any && f->stream != NULL ? "the old file" : NULL;
}

static void disturb(int how, int error, unsigned long at, size_t part)
{
    fault.how = how;
    fault.error = error;
    fault.at = at;
    fault.part = part;
    fault.calls = 0;
}

static int tear_down(void **state)
{
    disturb(SOUND, 0, 0, 0);
    return test_work_tear_down(state);
}

/* What stood under the name stands there still. */
static void assert_old(const char *old)
{
    test_bytes_of found;

    if (old == NULL) {
        assert_int_equal(access(path, F_OK), -1);
        return;
    }
    found = test_read_file(path);
    assert_int_equal(found.size, strlen(old));
    assert_memory_equal(found.bytes, old, found.size);
    free(found.bytes);
}

static void start_anew(const char *old)
{
    test_work_tear_down(NULL);
    test_snapshot_set_up(NULL);
    if (old != NULL)
        test_write(test_work, "s.dps", old, strlen(old));
}

/* How many calls one writing takes; and the main file that it writes. */
static unsigned long learn(const form *f, test_bytes_of *main_file)
{
    start_anew(NULL);
    disturb(SOUND, 0, 0, 0);
    assert_ok(write_it(f, 0));
    *main_file = test_read_file(path);
    return fault.calls;
}

/* The other files are checked as the main file has them. */
static void assert_whole(const test_bytes_of *main_file)
{
    test_bytes_of found = test_read_file(path);

    assert_int_equal(found.size, main_file->size);
    assert_memory_equal(found.bytes, main_file->bytes, found.size);
    free(found.bytes);
    test_snapshot_check(path, false);
}

static void assert_old_or_whole(const char *old, const test_bytes_of *main_file)
{
    test_bytes_of found;

    if (access(path, F_OK) != 0) {
        assert_null(old);
        return;
    }
    found = test_read_file(path);
    if (old != NULL && found.size == strlen(old))
        assert_old(old);
    else
        assert_whole(main_file); /* killed behind the rename */
    free(found.bytes);
}

static void each_call_fails(int error)
{
    for (size_t s = 0; s < N_FORMS; s++) {
        test_bytes_of main_file;
        const unsigned long calls = learn(&forms[s], &main_file);
        for (unsigned long at = 1; at <= calls; at++) {
            const char *old = old_of(&forms[s], at % 2 == 0);
            dp_status status;
            start_anew(old);
            disturb(FAIL, error, at, 0);
            status = write_it(&forms[s], 0);
            if (status == DP_OK) { /* the fsync of the folder may fail */
                assert_whole(&main_file);
                continue;
            }
            assert_int_equal(status, DP_EIO);
            assert_non_null(strstr(test_error.message, strerror(error)));
            assert_old(old);
            disturb(SOUND, 0, 0, 0);
            assert_ok(write_it(&forms[s], 1));
            assert_whole(&main_file);
        }
        free(main_file.bytes);
    }
}

static void a_full_disk(void **state)
{
    (void)state;
    each_call_fails(ENOSPC);
}

static void a_broken_disk(void **state)
{
    (void)state;
    each_call_fails(EIO);
}

static void short_and_interrupted_writes(void **state)
{
    test_bytes_of main_file;

    (void)state;
    for (size_t s = 0; s < N_FORMS; s++) {
        learn(&forms[s], &main_file);
        for (int how = SHORT; how <= INTERRUPTED; how++) {
            start_anew(NULL);
            disturb(how, 0, 0, 0);
            assert_ok(write_it(&forms[s], 0));
            assert_whole(&main_file);
        }
        free(main_file.bytes);
    }
}

/* A write that takes nothing and says no error must not be tried for ever. */
static void writes_of_nothing(void **state)
{
    (void)state;
    disturb(NOTHING, 0, 3, 0);
    assert_int_equal(write_it(&forms[0], 0), DP_EIO);
}

/* A child that is killed at call number `at`. */
static void kill_at(const form *f, int resume, unsigned long at, size_t part)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        disturb(KILL, 0, at, part);
        _exit(write_it(f, resume) == DP_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* 200 times at random moments, twice in the same writing now and then. */
static void killed_at_any_moment(void **state)
{
    uint64_t random = test_seed();

    (void)state;
    for (int i = 0; i < 200; i++) {
        const form *f = &forms[i % N_FORMS];
        const char *old = old_of(f, i % 4 < 2);
        test_bytes_of main_file;
        const unsigned long calls = learn(f, &main_file);
        start_anew(old);
        random = random * 6364136223846793005u + 1442695040888963407u;
        kill_at(f, 0, 1 + (unsigned long)(random >> 33) % (calls - 2), (size_t)(random >> 8));
        assert_old_or_whole(old, &main_file);
        if (i % 3 == 0 && access(path, F_OK) != 0)
            kill_at(f, 1, 1 + i % 2, (size_t)i);
        disturb(SOUND, 0, 0, 0);
        assert_ok(write_it(f, 1));
        assert_whole(&main_file);
        free(main_file.bytes);
    }
}

static char folders[2][256];

static int make_sources(void **state)
{
    char digest[65];
    dp_snapshot *s;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const dp_snapshot_options options = {.size = sizeof options,
                                             .compression = "lz4",
                                             .block_size = 2000,
                                             .shard_size = i == 0 ? 0 : 4000};
        test_folder(folders[i], sizeof folders[i]);
        snprintf(sources[i], sizeof sources[i], "%s/s.dps", folders[i]);
        assert_ok(test_snapshot_write(STREAM, 1, sources[i], &options));
        assert_ok(dp_snapshot_open(&s, sources[i], NULL, &test_error));
        assert_ok(dp_snapshot_seal(s, digest, &test_error));
        dp_snapshot_close(s);
    }
    return 0;
}

static int remove_sources(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        test_folder_remove(folders[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk, test_snapshot_set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_disk, test_snapshot_set_up, tear_down),
        cmocka_unit_test_setup_teardown(short_and_interrupted_writes, test_snapshot_set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(writes_of_nothing, test_snapshot_set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, test_snapshot_set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, make_sources, remove_sources);
}
