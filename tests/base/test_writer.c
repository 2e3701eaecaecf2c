/* test_writer.c - files are whole or not there, whatever fails and whoever else writes
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * open, write, fsync, linkat, rename and stat are linked to the ones here (see
 * tests/CMakeLists.txt): one that is chosen fails, kills the process, or lets another writer go
 * first.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t n);
int __real_fsync(int fd);
int __real_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __real_rename(const char *from, const char *to);
int __real_stat(const char *path, struct stat *out);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __wrap_fsync(int fd);
int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __wrap_rename(const char *from, const char *to);
int __wrap_stat(const char *path, struct stat *out);

enum { SOUND, FAIL, KILL, MEET };

static struct {
    int how, error;
    bool named;              /* as on a file system whose files all have names */
    unsigned long calls, at; /* of all that are wrapped; the one that is disturbed */
    void (*meet)(void);
} fault;

/* Whether this call is to fail. */
static bool disturbed(void)
{
    if (fault.how == SOUND || ++fault.calls != fault.at)
        return false;
    if (fault.how == KILL)
        kill(getpid(), SIGKILL);
    if (fault.how == MEET) {
        fault.how = SOUND;
        fault.meet();
        fault.how = MEET;
    }
    errno = fault.error;
    return fault.how == FAIL;
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if (fault.named && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return disturbed() ? -1 : __real_open(path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    return disturbed() ? -1 : __real_write(fd, bytes, n);
}

int __wrap_fsync(int fd) { return disturbed() ? -1 : __real_fsync(fd); }

int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return disturbed() ? -1 : __real_linkat(from_folder, from, to_folder, to, flags);
}

int __wrap_rename(const char *from, const char *to)
{
    return disturbed() ? -1 : __real_rename(from, to);
}

int __wrap_stat(const char *path, struct stat *out)
{
    return disturbed() ? -1 : __real_stat(path, out);
}

/* ---- what writes ---- */

static char folder[256], path[300];
static float ones[2000], twos[2000];
static dp_net *net;

static dp_status save_npz(void)
{
    const dp_named_tensor t = {"a", "float32", 1, {2000}, (const uint8_t *)ones, 2000, sizeof ones};
    char name[320];

    snprintf(name, sizeof name, "%s.npz", path);
    return dp_archive_save(&t, 1, name, &test_error);
}

static dp_status save_safetensors(void)
{
    const dp_named_tensor t = {"a", "float32", 1, {2000}, (const uint8_t *)ones, 2000, sizeof ones};
    char name[320];

    snprintf(name, sizeof name, "%s.safetensors", path);
    return dp_archive_save(&t, 1, name, &test_error);
}

static dp_status save_net(void) { return dp_net_save(net, path, &test_error); }

static const struct {
    const char *suffix;
    dp_status (*save)(void);
} users[] = {{".npz", save_npz}, {".safetensors", save_safetensors}, {"", save_net}};
#define N_USERS (sizeof users / sizeof users[0])

static int set_up(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 4, {2, 1, 4, 4}};

    (void)state;
    memset(&fault, 0, sizeof fault);
    for (int i = 0; i < 2000; i++) {
        ones[i] = 1;
        twos[i] = 2;
    }
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/x", folder);
    assert_ok(dp_net_open(
        &net, "flatten | dense out_channels=3 | softmax_cross_entropy | sgd learning_rate=0.1", 1,
        &input, NULL, &test_error));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memset(&fault, 0, sizeof fault);
    dp_net_close(net);
    test_folder_remove(folder);
    return 0;
}

/* Files of the folder, hidden ones too. */
static int n_files(void)
{
    DIR *dir = opendir(folder);
    int n = -2;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static size_t read_it(const char *name, char *bytes, size_t room)
{
    const int fd = __real_open(name, O_RDONLY);
    const ssize_t n = fd < 0 ? 0 : read(fd, bytes, room);

    if (fd >= 0)
        close(fd);
    assert_true(n >= 0);
    return (size_t)n;
}

static void disturb(int how, int error, unsigned long at)
{
    fault.how = how;
    fault.error = error;
    fault.at = at;
    fault.calls = 0;
}

/* The calls of one writing. */
static unsigned long learn(size_t user)
{
    disturb(FAIL, 0, 0);
    assert_ok(users[user].save());
    return fault.calls;
}

static const char old[] = "the old file";

static void put_old(const char *name, bool there)
{
    unlink(name);
    if (there)
        test_write(folder, strrchr(name, '/') + 1, old, strlen(old));
}

/* ---- what fails ---- */

static void each_call_fails_once(size_t user, int error)
{
    char name[320], whole[40000], found[40000];
    unsigned long calls;
    size_t size;

    snprintf(name, sizeof name, "%s%s", path, users[user].suffix);
    unlink(name);
    calls = learn(user);
    assert_true(calls > 3);
    size = read_it(name, whole, sizeof whole);
    for (unsigned long at = 1; at <= calls; at++) {
        const bool had = at % 2 == 0;
        dp_status status;
        put_old(name, had);
        disturb(FAIL, error, at);
        status = users[user].save();
        fault.how = SOUND;
        if (status == DP_OK) { /* the folder's fsync, or a file without a name, need not be done */
            assert_int_equal(read_it(name, found, sizeof found), size);
            assert_memory_equal(found, whole, size);
            continue;
        }
        assert_int_equal(status, DP_EIO);
        assert_non_null(strstr(test_error.message, strerror(error)));
        assert_int_equal(read_it(name, found, sizeof found), had ? strlen(old) : 0);
        assert_int_equal(n_files(), had);
    }
    unlink(name);
    assert_int_equal(n_files(), 0);
}

static void any_call_fails(void **state)
{
    static const int errors[] = {ENOSPC, EIO, EFBIG};

    (void)state;
    for (int named = 0; named < 2; named++) {
        fault.named = named;
        for (size_t user = 0; user < N_USERS; user++) {
            for (size_t e = 0; e < sizeof errors / sizeof errors[0]; e++)
                each_call_fails_once(user, errors[e]);
        }
    }
}

static bool has_nameless_files(void)
{
    const int fd = __real_open(folder, O_TMPFILE | O_WRONLY, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A process that is killed leaves the old file or the whole one; what else it leaves is hidden, has
 * a name of its own and is in nobody's way.  Files without a name go with it. */
static void killed_at_any_call(void **state)
{
    char whole[40000], found[40000];
    size_t size;

    (void)state;
    for (int named = 0; named < 2; named++) {
        unsigned long calls;
        fault.named = named;
        calls = learn(2);
        size = read_it(path, whole, sizeof whole);
        for (unsigned long at = 1; at <= calls; at++) {
            pid_t child;
            int status;
            put_old(path, true);
            child = fork();
            if (child == 0) {
                disturb(KILL, 0, at);
                _exit(save_net() == DP_OK ? 0 : 1);
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            if (read_it(path, found, sizeof found) == size)
                assert_memory_equal(found, whole, size);
            else
                assert_memory_equal(found, old, strlen(old));
        }
        if (!named && has_nameless_files())
            assert_int_equal(n_files(), 2); /* of the one killed between link and rename */
        assert_ok(save_net());
        assert_int_equal(read_it(path, found, sizeof found), size);
    }
}

/* ---- who else writes ---- */

static int met;

/* Another writer of the same file, from its first byte to its last, and a reader. */
static void write_and_read(void)
{
    const dp_named_tensor t = {"a", "float32", 1, {2000}, (const uint8_t *)twos, 2000, sizeof twos};
    dp_archive *a = NULL;
    char name[320];

    snprintf(name, sizeof name, "%s.safetensors", path);
    assert_ok(dp_archive_save(&t, 1, name, &test_error));
    assert_ok(dp_archive_open(&a, name, NULL, &test_error));
    assert_memory_equal(dp_archive_find(a, "a")->data, twos, sizeof twos);
    dp_archive_close(a);
    met++;
}

/* At every call of one writing another one takes place: neither fails, and what is read is whole;
 * the last to commit stays.  Where a link stands, both follow it. */
static void two_writers(void **state)
{
    char name[320];

    (void)state;
    snprintf(name, sizeof name, "%s.safetensors", path);
    fault.meet = write_and_read;
    for (int how = 0; how < 4; how++) {
        const bool linked = how >= 2;
        unsigned long calls;
        fault.named = how % 2 != 0;
        if (how == 2) {
            assert_int_equal(unlink(name), 0);
            assert_int_equal(symlink("end", name), 0);
            assert_ok(save_safetensors());
        }
        calls = learn(1);
        for (unsigned long at = 1; at <= calls; at++) {
            dp_archive *a = NULL;
            const int before = met;
            disturb(MEET, 0, at);
            assert_ok(save_safetensors());
            fault.how = SOUND;
            assert_int_equal(met, before + 1);
            assert_ok(dp_archive_open(&a, name, NULL, &test_error));
            /* the calls behind the rename: open, fsync of the folder */
            assert_memory_equal(dp_archive_find(a, "a")->data, at + 2 > calls ? twos : ones,
                                sizeof ones);
            dp_archive_close(a);
            assert_int_equal(n_files(), 1 + linked);
        }
    }
}

/* What another process of this number left, and what the user has there. */
static void names_that_are_taken(void **state)
{
    char taken[320], mine[320], found[100];

    (void)state;
    fault.named = true;
    snprintf(taken, sizeof taken, "%s/.x.%d.0.tmp", folder, (int)getpid());
    snprintf(mine, sizeof mine, "%s.tmp", path);
    put_old(taken, true);
    put_old(mine, true);
    assert_ok(save_net());
    assert_int_equal(n_files(), 3);
    assert_int_equal(read_it(taken, found, sizeof found), strlen(old));
    assert_int_equal(read_it(mine, found, sizeof found), strlen(old));
}

/* ---- where it is written ---- */

/* The link stays, and what it names is replaced, or made. */
static void links(void **state)
{
    char first[320], second[320], sub[320], target[340];
    struct stat st;

    (void)state;
    snprintf(first, sizeof first, "%s/first", folder);
    snprintf(second, sizeof second, "%s/second", folder);
    snprintf(sub, sizeof sub, "%s/sub", folder);
    snprintf(target, sizeof target, "%s/target", sub);
    assert_int_equal(mkdir(sub, 0777), 0);
    assert_int_equal(symlink("second", path), 0);
    assert_int_equal(symlink(sub, first), 0);
    assert_int_equal(symlink("first/target", second), 0);
    for (int i = 0; i < 2; i++) { /* into nothing, then onto the file */
        assert_ok(save_net());
        assert_int_equal(lstat(path, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_int_equal(lstat(second, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_int_equal(lstat(target, &st), 0);
        assert_true(S_ISREG(st.st_mode) && st.st_size > 100);
        assert_ok(dp_net_load(net, path, &test_error));
    }
    assert_int_equal(n_files(), 4);
    assert_int_equal(unlink(second), 0);
    assert_int_equal(symlink("x", second), 0); /* a loop */
    assert_int_equal(save_net(), DP_EIO);
    assert_non_null(strstr(test_error.message, strerror(ELOOP)));
    assert_int_equal(unlink(second), 0);
    assert_int_equal(symlink("sub", second), 0);
    assert_int_equal(save_net(), DP_EIO);
    assert_non_null(strstr(test_error.message, "it is a folder"));
}

static void assert_refused(const char *name, const char *kind)
{
    struct stat before, after;

    assert_int_equal(stat(name, &before), 0);
    assert_int_equal(dp_net_save(net, name, &test_error), DP_EIO);
    if (strstr(test_error.message, kind) == NULL || strstr(test_error.message, name) == NULL)
        fail_msg("%s: %s", name, test_error.message);
    assert_int_equal(stat(name, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mode, after.st_mode);
}

static void what_is_no_file_stays(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[320];
    int s;

    (void)state;
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_refused(path, "it is a FIFO");
    snprintf(name, sizeof name, "%s/link", folder);
    assert_int_equal(symlink(path, name), 0);
    assert_refused(name, "it is a FIFO");
    assert_refused(folder, "it is a folder");
    assert_refused("/dev/null", "it is a device");
    snprintf(name, sizeof name, "%s/null", folder);
    if (mknod(name, S_IFCHR | 0666, 0x103) == 0)
        assert_refused(name, "it is a device");
    else
        print_message("a device of our own: skipped, only root may make one\n");
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s/s", folder);
    s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(s >= 0);
    assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
    assert_refused(address.sun_path, "it is a socket");
    close(s);
}

static mode_t mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(name, &st), 0);
    return st.st_mode & 0777;
}

/* New files as the umask has it; a file that is replaced keeps its own. */
static void permissions(void **state)
{
    const mode_t before = umask(027);

    (void)state;
    for (int named = 0; named < 2; named++) {
        fault.named = named;
        unlink(path);
        assert_ok(save_net());
        assert_int_equal(mode_of(path), 0640);
        assert_int_equal(chmod(path, 0606), 0);
        assert_ok(save_net());
        assert_int_equal(mode_of(path), 0606);
    }
    umask(before);
}

/* The longest name of a folder has room; one that is too long is an error. */
static void long_names(void **state)
{
    char name[5000];
    const size_t n = strlen(folder);

    (void)state;
    for (int named = 0; named < 2; named++) {
        fault.named = named;
        snprintf(name, sizeof name, "%s/%0*d", folder, 255, 1);
        assert_ok(dp_net_save(net, name, &test_error));
        assert_int_equal(n_files(), 1);
        snprintf(name, sizeof name, "%s/%0*d", folder, 256, 1);
        assert_int_equal(dp_net_save(net, name, &test_error), DP_EIO);
        memset(name, '/', sizeof name);
        memcpy(name, folder, n);
        name[4990] = 'x';
        name[4991] = '\0';
        assert_int_equal(dp_net_save(net, name, &test_error), DP_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_call_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_at_any_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_writers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(permissions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
