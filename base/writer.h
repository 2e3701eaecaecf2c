/* writer.h - every file is written by these calls: whole or not at all
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "base/file.h"

/* A file of its own beside the target is written, synced and renamed.  Where the file system can,
 * it has no name until then, so that a process that dies leaves nothing; else it is called
 * .NAME.PROCESS.NUMBER.tmp.  Writers of one target do not meet: the last one that commits stays. */
typedef struct dp_writer {
    int fd;
    int error;
    uint64_t size;        /* written so far */
    char path[4096];      /* what will be replaced: links are resolved */
    char temporary[4096]; /* "" while it has no name */
} dp_writer;

/* A link stays, and what it names is replaced.  DP_EIO when something stands there that is no
 * regular file, or the folder cannot be written to.  The permissions of a file that is replaced
 * stay; a new file has those that the umask leaves. */
dp_status dp_writer_open(dp_writer *, const char *path, dp_error *);
void dp_writer_put(dp_writer *, const void *bytes, size_t n); /* errors show at commit */
dp_status dp_writer_commit(dp_writer *, dp_error *);
void dp_writer_cancel(dp_writer *); /* in place of commit: nothing was written */

/* For files that take long: what an earlier process left of path + ".tmp" is kept, `size` bytes of
 * it.  DP_EIO when another process writes it, or when it does not begin with `magic`: then it is
 * somebody else's. */
dp_status dp_writer_resume(dp_writer *, const char *path, const char *magic, dp_error *);
/* What is written so far, to be read; and written anew from `size` on. */
dp_file dp_writer_file(const dp_writer *);
void dp_writer_cut(dp_writer *, uint64_t size);
void dp_writer_leave(dp_writer *); /* in place of commit: path + ".tmp" stays */

/* DP_EIO when what stands there is not a regular file: a folder, a device, a FIFO, a socket.
 * Nothing is opened, so nothing waits. */
dp_status dp_check_regular(const char *path, dp_error *);

/* The folder of a file, so that its new name survives a power cut, too.  Some file systems refuse;
 * that is not a loss. */
void dp_sync_folder_of(const char *path);

#endif
