/* file.c - reading and writing at a place, listing a folder
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/options.h"
#include "base/sniff.h"
#include "base/status.h"

#define PIECE (1 << 20) /* bytes that are read between two calls of options->progress */

bool dp_path_is_url(const char *path)
{
    static const char *const schemes[] = {"http://", "https://", "file://"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(path, schemes[i], strlen(schemes[i])) == 0)
            return true;
    }
    return false;
}

char *dp_path_join(dp_arena *arena, const char *root, const char *path)
{
    const bool alone = root == NULL || root[0] == '\0' || path[0] == '/' || dp_path_is_url(path);
    const bool here = !alone && strcmp(path, ".") == 0;
    const size_t size = (alone ? 0 : strlen(root) + 1) + strlen(path) + 1;
    char *out = dp_arena_alloc(arena, size, 1);

    if (out != NULL)
        snprintf(out, size, "%s%s%s", alone ? "" : root, alone || here ? "" : "/",
                 here ? "" : path);
    return out;
}

/* A hash of all that a change of the content changes. */
static uint64_t content_stamp(const struct stat *st)
{
    const uint64_t numbers[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
                                (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};
    return dp_hash64(numbers, sizeof numbers) | 1;
}

/* The stamp of the content and of the time that nobody can set back. */
static uint64_t stamp_of(const struct stat *st)
{
    const uint64_t numbers[] = {content_stamp(st), (uint64_t)st->st_ctim.tv_sec,
                                (uint64_t)st->st_ctim.tv_nsec};
    return dp_hash64(numbers, sizeof numbers) | 1;
}

uint64_t dp_stamp_add(uint64_t stamp, uint64_t other)
{
    const uint64_t both[] = {stamp, other};
    return dp_hash64(both, sizeof both) | 1;
}

uint64_t dp_stamp_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? stamp_of(&st) : 0;
}

uint64_t dp_stamp_at(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? stamp_of(&st) : 0;
}

bool dp_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 || errno != ENOENT;
}

static void stamp(dp_file *file, const struct stat *st)
{
    file->stamp = stamp_of(st);
    file->content = content_stamp(st);
    file->links = (uint64_t)st->st_nlink;
}

dp_status dp_file_open(const char *path, dp_file *out, dp_error *err)
{
    const int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang the open */
    struct stat st;

    if (fd < 0 && dp_path_is_url(path))
        return dp_fail(err, DP_EIO, "%.120s is an address, which is not read here: fetch it first",
                       path);
    if (fd < 0)
        return dp_fail(err, DP_EIO, "cannot open %.160s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return dp_fail(err, DP_EIO, "%.160s is not a regular file", path);
    }
    *out = (dp_file){.fd = fd, .size = (uint64_t)st.st_size};
    stamp(out, &st);
    return DP_OK;
}

/* A name that was given, taken or replaced changes the one time and no content. */
dp_status dp_file_unchanged(dp_file *file, const char *name, bool accept, dp_error *err)
{
    struct stat st;

    if (file->far != NULL)
        return DP_OK;
    if ((file->fd >= 0 ? fstat(file->fd, &st) : stat(name, &st)) != 0)
        return dp_fail(err, DP_EIO, "%.160s: %s", name, strerror(errno));
    if (accept)
        stamp(file, &st);
    if (stamp_of(&st) == file->stamp ||
        (content_stamp(&st) == file->content && (uint64_t)st.st_nlink != file->links))
        return DP_OK;
    return dp_fail(err, DP_ESTATE, "%.160s changed since it was opened: its content may be another",
                   name);
}

void dp_file_close(dp_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->far = NULL;
}

void dp_file_rest(dp_file *file)
{
    if (file->far == NULL)
        dp_file_close(file);
}

dp_status dp_file_enter(const dp_file *file, const char *path, dp_file *out, dp_error *err)
{
    dp_file opened = *file;
    dp_status status;

    *out = *file;
    if (file->fd >= 0 || file->far != NULL)
        return DP_OK;
    status = dp_file_open(path, out, err);
    if (status != DP_OK)
        return status;
    opened.fd = out->fd;
    status = dp_file_unchanged(&opened, path, false, err);
    if (status != DP_OK)
        dp_file_close(out);
    return status;
}

void dp_file_leave(const dp_file *file, dp_file *entered)
{
    if (file->fd < 0)
        dp_file_close(entered);
}

int dp_file_read_at(const dp_file *file, uint64_t offset, void *buffer, size_t n, size_t *got)
{
    if (file->far != NULL)
        return file->far->read_at(file->far, offset, buffer, n, got);
    for (*got = 0; *got < n;) {
        const ssize_t r = pread(file->fd, (char *)buffer + *got, n - *got, (off_t)(offset + *got));
        if (r == 0)
            return 0;
        if (r < 0 && errno != EINTR)
            return errno;
        if (r > 0)
            *got += (size_t)r;
    }
    return 0;
}

const char *dp_file_why(const dp_file *file, int error)
{
    return file->far != NULL ? file->far->why(file->far, error) : strerror(error);
}

dp_status dp_file_read_whole(const dp_file *file, const char *path, dp_arena *arena,
                             const dp_options *options, uint8_t **out, dp_error *err)
{
    const uint64_t size = file->size;
    dp_status status = DP_OK;

    *out = size < SIZE_MAX ? dp_arena_alloc_raw(arena, (size_t)size + 1, 1) : NULL;
    if (*out == NULL)
        return dp_arena_fail(arena, err, path);
    (*out)[size] = 0;
    for (uint64_t at = 0; at < size && status == DP_OK;) {
        const size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
        size_t got;
        const int error = dp_file_read_at(file, at, *out + at, n, &got);
        at += got;
        if (error != 0)
            status =
                dp_fail(err, DP_EIO, "%.120s cannot be read: %s", path, dp_file_why(file, error));
        else if (got < n)
            status = dp_fail(err, DP_ECORRUPT, "%.120s shrank while it was read", path);
        else
            status = dp_progress(options, "file", at, size, err);
    }
    return status;
}

int dp_file_write_at(int fd, uint64_t offset, const void *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t r = pwrite(fd, bytes, n, (off_t)offset);
        if (r == 0 || (r < 0 && errno != EINTR))
            return r == 0 ? EIO : errno;
        if (r > 0) {
            bytes = (const char *)bytes + r;
            offset += (uint64_t)r;
            n -= (size_t)r;
        }
    }
    return 0;
}

bool dp_dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool ends_in(const char *name, const char *suffix, size_t m)
{
    const size_t n = strlen(name);

    if (n < m)
        return false;
    for (size_t i = 0; i < m; i++) {
        if (lower(name[n - m + i]) != suffix[i])
            return false;
    }
    return true;
}

static bool ends_in_one(const char *name, const char *suffixes)
{
    for (;;) {
        const size_t n = strcspn(suffixes, " ");
        if (ends_in(name, suffixes, n))
            return true;
        if (suffixes[n] == '\0')
            return false;
        suffixes += n + 1;
    }
}

/* Collects the names; *names may be NULL to count only.  What begins with a dot is hidden: marks of
 * other systems and files that are not whole yet. */
static size_t collect(DIR *dir, const char *suffixes, dp_arena *arena, char **names, size_t room)
{
    const struct dirent *entry;
    size_t n = 0;

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || !ends_in_one(entry->d_name, suffixes))
            continue;
        if (names != NULL) {
            if (n == room)
                break;
            names[n] = dp_arena_text(arena, entry->d_name, strlen(entry->d_name));
            if (names[n] == NULL)
                return SIZE_MAX;
        }
        n++;
    }
    return n;
}

/* What kind of file stands where a folder was expected. */
static dp_sniffed sniff_path(const char *path)
{
    dp_sniffed what = {""};
    dp_file file;

    if (dp_file_open(path, &file, NULL) == DP_OK) {
        what = dp_sniff_file(&file);
        dp_file_close(&file);
    }
    return what;
}

static dp_status open_folder(const char *path, DIR **out, dp_error *err)
{
    int why;

    *out = opendir(path);
    if (*out != NULL)
        return DP_OK;
    if (dp_path_is_url(path))
        return dp_fail(err, DP_EIO, "%.110s is an address: a folder is read where it lies", path);
    why = errno;
    return dp_fail(err, DP_EIO, "cannot read the folder %.110s: %s%s", path, strerror(why),
                   why == ENOTDIR ? sniff_path(path).text : "");
}

dp_status dp_dir_count(const char *path, uint64_t *n, dp_error *err)
{
    const struct dirent *entry;
    DIR *dir;
    const dp_status status = open_folder(path, &dir, err);

    *n = 0;
    if (status != DP_OK)
        return status;
    while ((entry = readdir(dir)) != NULL)
        *n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return DP_OK;
}

dp_status dp_dir_list(const char *path, const char *suffixes, dp_arena *arena, char ***names,
                      size_t *n, dp_error *err)
{
    size_t room;
    DIR *dir;
    const dp_status status = open_folder(path, &dir, err);

    if (status != DP_OK)
        return status;
    room = collect(dir, suffixes, arena, NULL, 0);
    rewinddir(dir);
    *names = dp_arena_alloc(arena, room + 1, sizeof **names);
    *n = *names == NULL ? SIZE_MAX : collect(dir, suffixes, arena, *names, room);
    closedir(dir);
    if (*n == SIZE_MAX)
        return dp_arena_fail(arena, err, "a list of files");
    qsort(*names, *n, sizeof **names, by_bytes);
    return DP_OK;
}
