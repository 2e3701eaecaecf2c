/* file.h - reading and writing at a place, listing a folder
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/alloc.h"

/* Whether it is the address of a file: http://, https:// or file://. */
bool dp_path_is_url(const char *path);

/* "root/path" in the arena; an absolute path and an address stay, as does everything under a NULL
 * root; "." is the root, which may be a file.  NULL when out of memory, and then only. */
char *dp_path_join(dp_arena *, const char *root, const char *path);

/* A file that lies elsewhere (io/remote): what is asked of it in the place of pread.  read_at is as
 * dp_file_read_at; its errors are its own, and `why` has words for them, which stay.  ahead is as
 * dp_file_ahead; NULL = it makes nothing ready. */
typedef struct dp_far dp_far;
struct dp_when;
struct dp_far {
    int (*read_at)(const dp_far *, uint64_t offset, void *buffer, size_t n, size_t *got);
    const char *(*why)(const dp_far *, int error);
    bool (*ahead)(const dp_far *, uint64_t offset, uint64_t n, const struct dp_when *);
};

typedef struct dp_file {
    int fd;            /* -1 = closed, or far */
    const dp_far *far; /* NULL = here; it is its owner's */
    uint64_t size;
    /* Of device, number, size, times of change (mtime and ctime); of address, size and version. */
    uint64_t stamp;
    uint64_t content, links; /* the same but for ctime, and how many names it has */
} dp_file;

/* A stamp of several; of a file by its name or its descriptor, 0 when there is none. */
uint64_t dp_stamp_add(uint64_t stamp, uint64_t other);
uint64_t dp_stamp_of(const char *path);
uint64_t dp_stamp_at(int fd);
bool dp_file_exists(const char *path);

dp_status dp_file_open(const char *path, dp_file *out, dp_error *); /* regular files only */
void dp_file_close(dp_file *);

/* DP_ESTATE when the file that was opened may hold something else now, called `name`; of one that
 * was closed since, `name` is the path.  Of a far one each read makes sure.  Its size and times say
 * so; a file that was renamed, replaced or removed holds what it held.  `accept` takes what it
 * holds now for what was opened. */
dp_status dp_file_unchanged(dp_file *, const char *name, bool accept, dp_error *);

/* One of many, which rests between two reads: it gives its descriptor back (what is far has none,
 * and is as before).  dp_file_enter opens it until it is left; DP_ESTATE when it is another one
 * now. */
void dp_file_rest(dp_file *);
dp_status dp_file_enter(const dp_file *, const char *path, dp_file *out, dp_error *);
void dp_file_leave(const dp_file *, dp_file *entered);

/* Reads n bytes at offset; *got < n only at the end of the file.  Returns 0 or an error, for which
 * `why` has words.  Files are read, never mapped: one that shrinks gives a short count and no
 * SIGBUS. */
int dp_file_read_at(const dp_file *, uint64_t offset, void *buffer, size_t n, size_t *got);
const char *dp_file_why(const dp_file *, int error);

/* These bytes will be read (io/remote/transfer.h says when): what is far begins to come.  False =
 * there is no room for them yet. */
static inline bool dp_file_ahead(const dp_file *file, uint64_t offset, uint64_t n,
                                 const struct dp_when *when)
{
    return file->far == NULL || file->far->ahead == NULL ||
           file->far->ahead(file->far, offset, n, when);
}

/* All of an open file, called `path`, in the arena, with a byte after it.  options->progress is
 * told of it as "file" (options NULL: nobody is); DP_ECORRUPT when it shrinks meanwhile. */
dp_status dp_file_read_whole(const dp_file *, const char *path, dp_arena *, const dp_options *,
                             uint8_t **out, dp_error *);

/* Writes n bytes at a place of a file that is there.  Returns 0 or an errno. */
int dp_file_write_at(int fd, uint64_t offset, const void *bytes, size_t n);

/* Names in a folder that end in one of the suffixes (".jpeg .jpg", in small letters; capitals are
 * the same; "" = all), in byte order, whatever the file system's; without the hidden ones, which
 * begin with a dot. */
dp_status dp_dir_list(const char *path, const char *suffixes, dp_arena *, char ***names, size_t *n,
                      dp_error *);
/* All that is in it, the hidden ones, too. */
dp_status dp_dir_count(const char *path, uint64_t *n, dp_error *);
bool dp_dir_exists(const char *path);

#endif
