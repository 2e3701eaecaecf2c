/* identity.c - the digest of a data set, and the file where it may be kept
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The file is lines of hexadecimal: a key of 32 digits, the digest, 16 digits of a check over both.
 * The key covers the reader, its columns, the names of its labels and its files: device, number,
 * size and times of change.
 */
#include "io/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/options.h"
#include "base/tensor.h"
#include "base/writer.h"
#include "io/source.h"

#define MOST_KEPT ((uint64_t)1 << 20) /* bytes of the file */
#define LINE      83                  /* bytes of a line, its end included */

void dp_identity_start(dp_hash *h, uint64_t n_records, const dp_column *columns, uint32_t n_columns,
                       uint64_t names)
{
    dp_hash_init(h);
    dp_hash_u64(h, n_records);
    for (uint32_t c = 0; c < n_columns; c++)
        dp_hash_text(h, columns[c].name);
    if (names != 0)
        dp_hash_u64(h, names);
}

dp_status dp_source_unchanged(const dp_reader *reader, const dp_source *source, bool accept,
                              dp_error *err)
{
    const dp_status status =
        reader->unchanged != NULL ? reader->unchanged(source->state, accept, err) : DP_OK;
    return dp_stage_failed(&reader->info, 0, status, err);
}

/* Says once that it takes a while, to who has no progress. */
typedef struct patience {
    const dp_options *options;
    time_t start;
    bool said;
} patience;

static time_t seconds(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? now.tv_sec : 0;
}

static dp_status be_patient(patience *p, uint64_t done, uint64_t of, dp_error *err)
{
    if (done % 64 != 0 && done != of)
        return DP_OK;
    if (!p->said && p->options->log != NULL && seconds() >= p->start + 2) {
        dp_log(p->options,
               "the data set is read once for its identity: %llu of %llu records so far",
               (unsigned long long)done, (unsigned long long)of);
        p->said = true;
    }
    return dp_progress(p->options, "identity", done, of, err);
}

static dp_status compute(const dp_reader *reader, const dp_source *source,
                         const dp_options *options, uint8_t digest[16], dp_error *err)
{
    dp_arena arena = {.alloc = options->alloc};
    patience p = {options, seconds(), false};
    void *columns[DP_MAX_COLUMNS];
    dp_status status;
    dp_hash h;

    dp_identity_start(&h, source->n_records, source->columns, source->n_columns, source->names);
    status = dp_source_buffers(source, &arena, columns, err);
    for (uint64_t record = 0; record < source->n_records && status == DP_OK; record++) {
        status = dp_source_read(reader, source, false, record, columns, err);
        if (status == DP_OK)
            status = be_patient(&p, record + 1, source->n_records, err);
        for (uint32_t c = 0; c < source->n_columns && status == DP_OK; c++) {
            dp_tensor t = dp_source_type(reader, source, c, record);
            t.data = columns[c];
            dp_hash_tensor(&h, &t);
        }
    }
    dp_arena_free(&arena);
    if (status == DP_OK)
        status = dp_source_unchanged(reader, source, false, err); /* while they were read */
    if (status == DP_OK)
        dp_hash_final(&h, digest);
    return status;
}

/* ---- kept ---- */

static void make_key(const dp_reader *reader, const dp_source *source, char key[33])
{
    uint8_t digest[16];
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_text(&h, reader->info.name);
    dp_hash_u64(&h, reader->info.revision);
    dp_hash_u64(&h, source->n_records);
    for (uint32_t c = 0; c < source->n_columns; c++) {
        dp_hash_text(&h, source->columns[c].name);
        dp_hash_type(&h, &source->columns[c].type);
    }
    dp_hash_u64(&h, source->names);
    dp_hash_u64(&h, source->stamp);
    dp_hash_final(&h, digest);
    dp_digest_text(digest, key);
}

static void print_line(char line[LINE + 1], const char key[33], const uint8_t digest[16])
{
    memcpy(line, key, 32);
    line[32] = ' ';
    dp_digest_text(digest, line + 33);
    snprintf(line + 65, LINE + 1 - 65, " %016llx", (unsigned long long)dp_hash64(line, 65));
    line[LINE - 1] = '\n';
}

/* The digest of a whole line with this key, if it is one. */
static bool is_line_of(const char *line, const char key[33], uint8_t digest[16])
{
    char again[LINE + 1];

    if (memcmp(line, key, 32) != 0 || !dp_digest_parse(line + 33, digest))
        return false;
    print_line(again, key, digest);
    return memcmp(again, line, LINE) == 0;
}

/* Opened and locked: other processes append to it, too.  A file system without locks has none. */
static dp_status open_kept(dp_file *file, const char *path, int flags, int lock, dp_error *err)
{
    struct stat st;
    const dp_status status = dp_check_regular(path, err);

    if (status != DP_OK)
        return status;
    *file = (dp_file){.fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666)};
    if (file->fd < 0)
        return dp_fail(err, DP_EIO, "cannot open %.160s: %s", path, strerror(errno));
    while (flock(file->fd, lock) != 0 && errno == EINTR)
        ;
    if (fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        file->size = (uint64_t)st.st_size;
        return DP_OK;
    }
    dp_file_close(file);
    return dp_fail(err, DP_EIO, "%.160s is not a regular file", path);
}

/* Whether the file has the digest of this key. */
static dp_status find_kept(const dp_file *file, const char *path, const char key[33],
                           uint8_t digest[16], bool *found, dp_error *err)
{
    char line[LINE];
    size_t got = LINE;

    *found = false;
    if (file->size > MOST_KEPT || file->size % LINE != 0)
        return dp_fail(err, DP_ECORRUPT, "%.160s holds no digests of data sets", path);
    for (uint64_t at = 0; at < file->size && !*found; at += LINE) {
        const int error = dp_file_read_at(file, at, line, LINE, &got);
        if (error != 0 || got < LINE)
            return dp_fail(err, DP_EIO, "cannot read %.160s: %s", path, strerror(error));
        *found = is_line_of(line, key, digest);
    }
    return DP_OK;
}

/* A file that is not there holds nothing. */
static dp_status look_up(const char *path, const char key[33], uint8_t digest[16], bool *found,
                         dp_error *err)
{
    dp_file file;
    dp_status status;

    *found = false;
    if (!dp_file_exists(path))
        return DP_OK;
    status = open_kept(&file, path, O_RDONLY, LOCK_SH, err);
    if (status != DP_OK)
        return status;
    status = find_kept(&file, path, key, digest, found, err);
    dp_file_close(&file);
    return status;
}

/* Appends a line; a full file begins anew.  A line that has no room is taken back.  Returns 0
 * or an errno. */
static int append(const dp_file *file, const char line[LINE])
{
    const uint64_t end = file->size + LINE <= MOST_KEPT ? file->size : 0;
    int error = end == file->size || ftruncate(file->fd, 0) == 0 ? 0 : errno;

    if (error == 0)
        error = dp_file_write_at(file->fd, end, line, LINE);
    if (error == 0 && fsync(file->fd) != 0)
        error = errno;
    if (error != 0 && ftruncate(file->fd, (off_t)end) != 0)
        return errno;
    return error;
}

static dp_status keep(const char *path, const char key[33], const uint8_t digest[16], dp_error *err)
{
    char line[LINE + 1];
    uint8_t other[16];
    bool found;
    dp_file file;
    int error;
    dp_status status = open_kept(&file, path, O_RDWR | O_CREAT, LOCK_EX, err);

    if (status != DP_OK)
        return status;
    print_line(line, key, digest);
    status = find_kept(&file, path, key, other, &found, err);
    error = status == DP_OK && !found ? append(&file, line) : 0;
    dp_file_close(&file);
    return error == 0 ? status
                      : dp_fail(err, DP_EIO, "cannot write %.160s: %s", path, strerror(error));
}

static dp_status compute_once(const dp_reader *reader, const dp_source *source,
                              const dp_options *options, dp_arena *arena, uint8_t digest[16],
                              dp_error *err)
{
    const char *path = dp_path_join(arena, options->root, options->identities);
    char key[33];
    bool found;
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(arena, err, "a path");
    make_key(reader, source, key);
    status = look_up(path, key, digest, &found, err);
    if (status != DP_OK || found)
        return status;
    status = compute(reader, source, options, digest, err);
    return status == DP_OK ? keep(path, key, digest, err) : status;
}

dp_status dp_source_identity(const dp_reader *reader, const dp_source *source,
                             const dp_options *options, uint8_t digest[16], dp_error *err)
{
    dp_arena arena = {.alloc = options->alloc};
    dp_status status;

    if (reader->identity != NULL) {
        reader->identity(source->state, digest);
        return DP_OK;
    }
    status = dp_source_unchanged(reader, source, false, err);
    if (status != DP_OK)
        return status;
    if (options->identities == NULL || source->stamp == 0)
        return compute(reader, source, options, digest, err);
    status = compute_once(reader, source, options, &arena, digest, err);
    dp_arena_free(&arena);
    return status;
}

dp_status dp_source_stamp(const dp_reader *reader, const dp_source *source,
                          const dp_options *options, uint64_t *stamp, dp_error *err)
{
    uint8_t digest[16];
    dp_status status;

    if (reader->stamp != NULL)
        return reader->stamp(source->state, stamp, err);
    *stamp = source->stamp;
    if (source->stamp != 0)
        return DP_OK;
    status = dp_source_identity(reader, source, options, digest, err);
    if (status == DP_OK)
        *stamp = dp_hash64(digest, sizeof digest);
    return status;
}
