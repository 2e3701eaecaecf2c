/* writer.c - every file is written by these calls: whole or not at all
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "base/workers.h"

#define MOST_LINKS 40   /* one after another, as the kernel has it */
#define MOST_LOOKS 64   /* at a link whose end other writers replace */
#define MOST_NAMES 4096 /* tried before a temporary name is given up */

/* ---- what stands there ---- */

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a FIFO";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

/* *found: whether anything does. */
static dp_status look(const char *path, struct stat *st, bool *found, dp_error *err)
{
    *found = stat(path, st) == 0;
    if (!*found && errno != ENOENT)
        return dp_fail(err, DP_EIO, "cannot write %.160s: %s", path, strerror(errno));
    if (*found && !S_ISREG(st->st_mode))
        return dp_fail(err, DP_EIO, "cannot write %.160s: it is %s, not a file", path,
                       kind_of(st->st_mode));
    return DP_OK;
}

dp_status dp_check_regular(const char *path, dp_error *err)
{
    struct stat st;
    bool found;

    return look(path, &st, &found, err);
}

/* The name at the end of the links.  Returns 0 or an errno. */
static int resolve(char path[4096])
{
    char target[4096];

    for (int i = 0; i < MOST_LINKS; i++) {
        const ssize_t n = readlink(path, target, sizeof target);
        const char *slash = strrchr(path, '/');
        size_t folder;
        if (n < 0)
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        folder = n > 0 && target[0] != '/' && slash != NULL ? (size_t)(slash - path) + 1 : 0;
        if (folder + (size_t)n >= sizeof target)
            return ENAMETOOLONG;
        memcpy(path + folder, target, (size_t)n);
        path[folder + (size_t)n] = '\0';
    }
    return ELOOP;
}

static bool is_at(const char *path, const struct stat *st)
{
    struct stat now;

    return stat(path, &now) == 0 && now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

/* Fills w->path; *st is that of the file that stands there, if one does. */
static dp_status find_target(dp_writer *w, const char *path, struct stat *st, bool *found,
                             dp_error *err)
{
    dp_status status = DP_OK;
    int error = ENOENT;

    *w = (dp_writer){.fd = -1};
    if (strlen(path) + 5 > sizeof w->path)
        return dp_fail(err, DP_EINVAL, "the path is longer than %zu bytes", sizeof w->path - 5);
    /* Links of /proc name more than their texts say, so the end must be the file that was seen.
     * Another writer may put its own there meanwhile: then it is looked for again. */
    for (int i = 0; i < MOST_LOOKS && error == ENOENT; i++) {
        status = look(path, st, found, err);
        if (status != DP_OK)
            return status;
        snprintf(w->path, sizeof w->path, "%s", path);
        error = resolve(w->path);
        if (error == 0 && *found && strcmp(w->path, path) != 0 && !is_at(w->path, st))
            error = ENOENT;
    }
    return error == 0 ? DP_OK
                      : dp_fail(err, DP_EIO, "cannot write %.160s: its link cannot be followed: %s",
                                path, strerror(error));
}

/* ---- the temporary file ---- */

/* "folder/.NAME.PROCESS.NUMBER.tmp"; the name is cut where it would be too long for a folder. */
static bool name_temporary(dp_writer *w, unsigned number)
{
    const char *slash = strrchr(w->path, '/');
    const int folder = slash != NULL ? (int)(slash - w->path) + 1 : 0;
    const int n = snprintf(w->temporary, sizeof w->temporary, "%.*s.%.200s.%lld.%u.tmp", folder,
                           w->path, w->path + folder, (long long)getpid(), number);

    return n > 0 && (size_t)n < sizeof w->temporary;
}

/* A file without a name, which can be given one; -1 = this file system has none. */
static int open_nameless(dp_writer *w, mode_t mode)
{
    const char *slash = strrchr(w->path, '/');
    char name[64];
    int fd;

    snprintf(w->temporary, sizeof w->temporary, "%.*s", slash != NULL ? (int)(slash - w->path) : 1,
             slash != NULL ? w->path : ".");
    fd = open(slash == w->path ? "/" : w->temporary, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    w->temporary[0] = '\0';
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (fd >= 0 && access(name, F_OK) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Tries names until one is free.  Returns 0 or an errno. */
static int each_name(dp_writer *w, int (*try)(dp_writer *, mode_t), mode_t mode)
{
    int error = EEXIST;

    for (unsigned i = 0; error == EEXIST && i < MOST_NAMES; i++) {
        if (!name_temporary(w, i))
            return ENAMETOOLONG;
        error = try(w, mode) == 0 ? 0 : errno;
    }
    if (error != 0)
        w->temporary[0] = '\0'; /* another's, if it is there */
    return error;
}

static int open_named(dp_writer *w, mode_t mode)
{
    w->fd = open(w->temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);
    return w->fd < 0 ? -1 : 0;
}

static int give_name(dp_writer *w, mode_t mode)
{
    char name[64];

    (void)mode;
    snprintf(name, sizeof name, "/proc/self/fd/%d", w->fd);
    return linkat(AT_FDCWD, name, AT_FDCWD, w->temporary, AT_SYMLINK_FOLLOW);
}

/* ---- writing ---- */

dp_status dp_writer_open(dp_writer *w, const char *path, dp_error *err)
{
    struct stat st;
    bool found;
    dp_status status = find_target(w, path, &st, &found, err);
    const mode_t mode = status == DP_OK && found ? st.st_mode & 0777 : 0666;
    int error = 0;

    if (status != DP_OK)
        return status;
    w->fd = open_nameless(w, mode);
    if (w->fd < 0)
        error = each_name(w, open_named, mode);
    if (error != 0)
        return dp_fail(err, DP_EIO, "cannot write %.160s: %s", w->path, strerror(error));
    if (found && fchmod(w->fd, mode) != 0)
        w->error = errno;
    return DP_OK;
}

void dp_writer_put(dp_writer *w, const void *bytes, size_t n)
{
    while (n > 0 && w->error == 0) {
        const ssize_t r = write(w->fd, bytes, n);
        if (r == 0 || (r < 0 && errno != EINTR))
            w->error = r == 0 ? EIO : errno;
        if (r > 0) {
            bytes = (const char *)bytes + r;
            n -= (size_t)r;
            w->size += (uint64_t)r;
        }
    }
}

void dp_writer_cancel(dp_writer *w)
{
    if (w->fd < 0)
        return;
    close(w->fd);
    if (w->temporary[0] != '\0')
        unlink(w->temporary);
    w->fd = -1;
}

void dp_sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    int fd;

    snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) : 1,
             slash != NULL ? path : ".");
    fd = open(slash == path ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

dp_status dp_writer_commit(dp_writer *w, dp_error *err)
{
    dp_status status;

    if (w->error == 0 && fsync(w->fd) != 0)
        w->error = errno;
    if (w->error == 0 && w->temporary[0] == '\0')
        w->error = each_name(w, give_name, 0);
    if (w->error == 0 && rename(w->temporary, w->path) != 0)
        w->error = errno;
    if (w->error != 0) {
        status = dp_fail(err, DP_EIO, "cannot write %.160s: %s (nothing was changed)", w->path,
                         strerror(w->error));
        dp_writer_cancel(w);
        return status;
    }
    close(w->fd);
    w->fd = -1;
    dp_sync_folder_of(w->path);
    return DP_OK;
}

/* ---- going on with what an earlier process left ---- */

/* Whether the file begins as it should, as far as it goes. */
static bool begins_with(const dp_writer *w, const char *magic)
{
    char seen[64];
    const size_t n = strlen(magic) < sizeof seen ? strlen(magic) : sizeof seen;
    const ssize_t got = pread(w->fd, seen, n, 0);

    return got >= 0 && memcmp(seen, magic, (size_t)got) == 0;
}

/* What is wrong with the temporary file, or NULL. */
static const char *refuse(dp_writer *w, const char *magic)
{
    struct stat st;

    if (flock(w->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return "is being written by another process";
    if (fstat(w->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return "is not a regular file";
    if (dp_stamp_of(w->temporary) != dp_stamp_at(w->fd)) /* renamed between open and lock */
        return "was written by another process";
    w->size = (uint64_t)st.st_size;
    return begins_with(w, magic) ? NULL : "exists but is not detpipe's: move it away";
}

dp_status dp_writer_resume(dp_writer *w, const char *path, const char *magic, dp_error *err)
{
    struct stat st;
    bool found;
    const char *why;
    dp_status status = find_target(w, path, &st, &found, err);

    if (status != DP_OK)
        return status;
    snprintf(w->temporary, sizeof w->temporary, "%.4091s.tmp", w->path);
    w->fd = open(w->temporary, O_RDWR | O_NONBLOCK | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (w->fd < 0)
        return dp_fail(err, DP_EIO, "cannot write %.160s: %s", w->temporary, strerror(errno));
    why = refuse(w, magic);
    if (why == NULL)
        return DP_OK;
    dp_writer_leave(w);
    return dp_fail(err, DP_EIO, "%.160s %s", w->temporary, why);
}

dp_file dp_writer_file(const dp_writer *w) { return (dp_file){.fd = w->fd, .size = w->size}; }

void dp_writer_cut(dp_writer *w, uint64_t size)
{
    if (ftruncate(w->fd, (off_t)size) != 0 || lseek(w->fd, (off_t)size, SEEK_SET) < 0)
        w->error = errno;
    w->size = size;
}

void dp_writer_leave(dp_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}
