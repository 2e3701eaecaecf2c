/* file.h - reading at a place, listing a folder, writing whole or not at all
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/alloc.h"

/* "root/path" in the arena; an absolute path stays, as does everything under a NULL root; "." is
 * the root, which may be a file.  NULL when out of memory, and then only. */
char *dp_path_join(dp_arena *, const char *root, const char *path);

typedef struct dp_file {
    int fd; /* -1 = closed */
    uint64_t size;
    uint64_t stamp; /* of device, number, size and time of change */
} dp_file;

/* A stamp of several; of a file by its name, 0 when there is none. */
uint64_t dp_stamp_add(uint64_t stamp, uint64_t other);
uint64_t dp_stamp_of(const char *path);
bool dp_file_exists(const char *path);

dp_status dp_file_open(const char *path, dp_file *out, dp_error *); /* regular files only */
void dp_file_close(dp_file *);

/* Reads n bytes at offset; *got < n only at the end of the file.  Returns 0 or an errno.  Files are
 * read, never mapped: one that shrinks gives a short count and no SIGBUS. */
int dp_file_read_at(const dp_file *, uint64_t offset, void *buffer, size_t n, size_t *got);

/* Names in a folder that end in suffix (in small letters; capitals are the same), in byte order,
 * whatever the file system's; without the hidden ones, which begin with a dot. */
dp_status dp_dir_list(const char *path, const char *suffix, dp_arena *, char ***names, size_t *n,
                      dp_error *);
bool dp_dir_exists(const char *path);

/* path + ".tmp" is written, synced and renamed; on failure nothing is left but the old file. */
typedef struct dp_writer {
    int fd;
    int error;
    uint64_t size; /* written so far */
    char path[4096], temporary[4096 + 8];
} dp_writer;
dp_status dp_writer_open(dp_writer *, const char *path, dp_error *);
void dp_writer_put(dp_writer *, const void *bytes, size_t n); /* errors show at commit */
dp_status dp_writer_commit(dp_writer *, dp_error *);
void dp_writer_cancel(dp_writer *); /* in place of commit: nothing was written */

/* For files that take long: what an earlier process left of path + ".tmp" is kept, `size` bytes of
 * it.  DP_EIO when another process writes it. */
dp_status dp_writer_resume(dp_writer *, const char *path, dp_error *);
/* What is written so far, to be read; and written anew from `size` on. */
dp_file dp_writer_file(const dp_writer *);
void dp_writer_cut(dp_writer *, uint64_t size);
/* DP_EIO when something could not be written; what could stays, for dp_writer_resume. */
dp_status dp_writer_check(const dp_writer *, dp_error *);
void dp_writer_leave(dp_writer *); /* in place of commit: path + ".tmp" stays */

/* Writes n bytes at a place of a file that is there.  Returns 0 or an errno. */
int dp_file_write_at(int fd, uint64_t offset, const void *bytes, size_t n);

#endif
