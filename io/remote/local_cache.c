/* local_cache.c - dp_options.cache: blocks of far files, kept in a folder of this machine
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Writers take turns by flock on the file `lock`, which the system gives back when one is killed.
 * It says how many bytes the blocks have, and nothing while a writer is at work: so what a killed
 * one left is found, and counted anew.  Nothing is synced: what a power cut tears has another
 * digest than its name.
 */
#include "io/remote/local_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/options.h"
#include "base/status.h"
#include "io/remote/settings.h"

#define DIGITS   ((size_t)2 * DP_BLAKE)
#define TRIES    50 /* ms that a writer waits for others; then the block is not kept */
#define NO_BLOCK (O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) /* of what somebody put there */

typedef struct setting {
    const char *folder;
    int64_t most;
} setting;

static const dp_param params[] = {
    DP_TEXT(setting, folder, "", "where blocks of far files are kept; none without it"),
    DP_INT(setting, most, "10240", 1, 1099511627776, "MiB that are kept at most"),
    DP_PARAMS_END,
};

static const dp_stage_info info = {"setting", "cache",         "how blocks of far files are kept",
                                   1,         sizeof(setting), params};

/* ---- names ---- */

typedef struct block_name {
    char text[DIGITS + sizeof ".tmp"];
} block_name;

static block_name name_of(const uint8_t digest[DP_BLAKE], const char *end)
{
    block_name name;

    dp_hex_text(digest, DP_BLAKE, name.text);
    snprintf(name.text + DIGITS, sizeof ".tmp", "%s", end);
    return name;
}

static bool is_left_over(const char *name) { return strcmp(name + DIGITS, ".tmp") == 0; }

/* Whether it is a file of ours; all others are left alone, and not counted. */
static bool is_ours(const char *name)
{
    return strspn(name, "0123456789abcdef") == DIGITS &&
           (name[DIGITS] == '\0' || is_left_over(name));
}

/* ---- reading ---- */

static bool read_all(int fd, uint8_t *out, size_t size)
{
    size_t done = 0;

    while (done < size) {
        const ssize_t n = read(fd, out + done, size - done);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The digest that stands behind bytes whose name is not theirs. */
static void sum_behind(const dp_local_name *n, const uint8_t *bytes, size_t size,
                       uint8_t digest[DP_BLAKE])
{
    dp_blake b;

    dp_blake_start(&b);
    dp_blake_add(&b, n->digest, DP_BLAKE);
    dp_blake_add(&b, bytes, size);
    dp_blake_end(&b, digest);
}

static bool read_block(int fd, const dp_local_name *n, uint8_t *out, size_t room, size_t *size)
{
    const size_t behind = n->sum ? 0 : DP_BLAKE;
    uint8_t found[DP_BLAKE], wanted[DP_BLAKE];
    struct stat info_;

    if (fstat(fd, &info_) != 0 || !S_ISREG(info_.st_mode) || info_.st_size <= (off_t)behind ||
        (uint64_t)info_.st_size - behind > room)
        return false;
    *size = (size_t)info_.st_size - behind;
    memcpy(wanted, n->digest, DP_BLAKE);
    if (!read_all(fd, out, *size) || !read_all(fd, wanted, behind))
        return false;
    if (n->sum)
        dp_blake_bytes(out, *size, found);
    else
        sum_behind(n, out, *size, found);
    return memcmp(found, wanted, sizeof found) == 0;
}

bool dp_local_cache_get(const dp_local_cache *c, const dp_local_name *n, uint8_t *out, size_t room,
                        size_t *size)
{
    const block_name name = name_of(n->digest, "");
    bool right;
    int fd;

    if (c->folder < 0)
        return false;
    fd = openat(c->folder, name.text, O_RDONLY | NO_BLOCK);
    if (fd < 0)
        return false;
    right = read_block(fd, n, out, room, size);
    close(fd);
    return right;
}

bool dp_local_cache_has(const dp_local_cache *c, const dp_local_name *n)
{
    const block_name name = name_of(n->digest, "");

    return c->folder >= 0 && faccessat(c->folder, name.text, R_OK, 0) == 0;
}

/* ---- what the blocks take ---- */

static uint64_t pages(uint64_t size) { return (size + 4095) / 4096 * 4096; }

/* What `lock` says; UINT64_MAX = nothing that is right. */
static uint64_t read_used(int lock)
{
    uint8_t bytes[16];

    if (pread(lock, bytes, sizeof bytes, 0) != sizeof bytes ||
        dp_load_le(bytes + 8, 8) != dp_hash64(bytes, 8))
        return UINT64_MAX;
    return dp_load_le(bytes, 8);
}

static bool write_used(int lock, uint64_t used)
{
    uint8_t bytes[16] = {0};

    dp_store_le(bytes, 8, used);
    if (used != UINT64_MAX)
        dp_store_le(bytes + 8, 8, dp_hash64(bytes, 8));
    return dp_file_write_at(lock, 0, bytes, sizeof bytes) == 0;
}

/* Goes over the folder: counts, and removes what killed writers left; blocks, too, as long as there
 * are more than `wanted` bytes of them (they come in no order that means anything, which keeps more
 * of an epoch than the order of time would). */
static uint64_t sweep(int folder, uint64_t used, uint64_t wanted)
{
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
    const bool counts = used == UINT64_MAX;
    const struct dirent *entry;
    struct stat file;

    if (all == NULL) {
        if (fd >= 0)
            close(fd);
        return UINT64_MAX;
    }
    used = counts ? 0 : used;
    while ((entry = readdir(all)) != NULL) {
        if (!is_ours(entry->d_name) ||
            fstatat(folder, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        const uint64_t size = pages((uint64_t)file.st_size);
        const bool goes = is_left_over(entry->d_name) || (!counts && used > wanted);
        const bool gone = goes && unlinkat(folder, entry->d_name, 0) == 0;
        used = counts ? used + (gone ? 0 : size) : used - (gone && size <= used ? size : 0);
    }
    closedir(all);
    return used;
}

/* What is used once there is room for `size` more; UINT64_MAX = there is none. */
static uint64_t make_room(const dp_local_cache *c, int lock, uint64_t size)
{
    uint64_t used = read_used(lock);

    if (size > c->most)
        return UINT64_MAX;
    if (used > c->most - size)
        used = sweep(c->folder, UINT64_MAX, 0);
    if (used != UINT64_MAX && used > c->most - size)
        used = sweep(c->folder, used, (c->most - size) / 16 * 15);
    return used <= c->most - size ? used : UINT64_MAX;
}

/* ---- writing ---- */

/* Whether the lock is had, and soon: a file system may have none. */
static bool wait_for_lock(int fd)
{
    const struct timespec ms = {0, 1000000};

    for (int tries = 0; tries < TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        nanosleep(&ms, NULL);
    }
    return false;
}

/* The lock's descriptor; -1 = it cannot be had, or not soon. */
static int take_lock(const dp_local_cache *c)
{
    const int fd = openat(c->folder, "lock", O_RDWR | O_CREAT | NO_BLOCK, 0600);
    struct stat file;

    if (fd < 0)
        return -1;
    if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && wait_for_lock(fd))
        return fd;
    close(fd);
    return -1;
}

/* A child that was forked meanwhile has the descriptor, too, and would keep the lock. */
static void give_lock_back(int fd)
{
    flock(fd, LOCK_UN);
    close(fd);
}

typedef struct written {
    const dp_local_name *name;
    const uint8_t *bytes;
    size_t size;
    uint8_t behind[DP_BLAKE]; /* so much of it: */
    size_t n_behind;
} written;

/* Whether the block stands under its name. */
static bool write_block(int folder, const written *w)
{
    const block_name name = name_of(w->name->digest, ""), new = name_of(w->name->digest, ".tmp");
    const int fd = openat(folder, new.text, O_WRONLY | O_CREAT | O_EXCL | NO_BLOCK, 0600);
    bool done;

    if (fd < 0)
        return false;
    done = dp_file_write_at(fd, 0, w->bytes, w->size) == 0 &&
           dp_file_write_at(fd, w->size, w->behind, w->n_behind) == 0;
    done = close(fd) == 0 && done && renameat(folder, new.text, folder, name.text) == 0;
    if (!done)
        unlinkat(folder, new.text, 0);
    return done;
}

/* What could not be written left what was there, so nothing has to be counted anew. */
static void keep(const dp_local_cache *c, int lock, const written *w)
{
    const block_name name = name_of(w->name->digest, "");
    const uint64_t size = pages(w->size + w->n_behind), used = make_room(c, lock, size);
    struct stat file = {.st_size = 0};
    uint64_t had;

    if (used == UINT64_MAX || !write_used(lock, UINT64_MAX))
        return;
    had = fstatat(c->folder, name.text, &file, AT_SYMLINK_NOFOLLOW) == 0
              ? pages((uint64_t)file.st_size)
              : 0;
    if (write_block(c->folder, w))
        write_used(lock, used + size - (had <= used ? had : 0));
    else
        write_used(lock, used);
}

void dp_local_cache_put(const dp_local_cache *c, const dp_local_name *n, const uint8_t *bytes,
                        size_t size)
{
    written w = {.name = n, .bytes = bytes, .size = size, .n_behind = n->sum ? 0 : DP_BLAKE};
    int lock;

    if (c->folder < 0)
        return;
    if (!n->sum)
        sum_behind(n, bytes, size, w.behind);
    lock = take_lock(c);
    if (lock < 0)
        return;
    keep(c, lock, &w);
    give_lock_back(lock);
}

/* ---- opening ---- */

dp_status dp_local_cache_open(dp_local_cache *c, const dp_options *options, dp_arena *arena,
                              dp_error *err)
{
    const setting *s;
    void *read;
    const dp_status status =
        dp_setting_read(&info, options->cache, "DETPIPE_CACHE", arena, &read, err);

    *c = (dp_local_cache){.folder = -1};
    if (status != DP_OK)
        return status;
    s = read;
    c->most = (uint64_t)s->most << 20;
    if (s->folder[0] == '\0')
        return DP_OK;
    if (mkdir(s->folder, 0700) != 0 && errno != EEXIST)
        dp_log(options, "warning: nothing is kept: %.150s: %s", s->folder, strerror(errno));
    c->folder = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->folder < 0)
        dp_log(options, "warning: no folder for blocks: %.150s: %s", s->folder, strerror(errno));
    return DP_OK;
}

void dp_local_cache_close(dp_local_cache *c)
{
    if (c->folder >= 0)
        close(c->folder);
    c->folder = -1;
}
