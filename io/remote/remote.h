/* remote.h - files that may lie elsewhere: opened by their address, read as any other
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is far is a dp_file with a dp_far: whoever reads by dp_file_read_at needs to know no more.
 * Transfers are made by one thread for all files of an opener, several at a time; a reader's
 * threads wait for theirs.  Memory is taken at open; what libcurl takes later is its own.
 */
#ifndef IO_REMOTE_REMOTE_H
#define IO_REMOTE_REMOTE_H

#include "base/file.h"
#include "base/pack/inflate.h"
#include "io/remote/transfer.h"

typedef struct dp_remote dp_remote;

/* How a reader opens its files. */
typedef struct dp_opener {
    const dp_options *options;
    dp_arena *arena;
    bool any_version;  /* of a far file: what is read is known by a digest of its own */
    bool missing;      /* what was asked for last is not there, for all that can be told */
    bool blocks;       /* its reader keeps blocks of far files itself */
    bool anew;         /* what is kept on this machine is asked for again */
    dp_remote *remote; /* NULL = there was no address; so no network is touched */
    struct dp_pages *pages;
} dp_opener;

/* A path or an address; the file's far part lives until the opener is closed.  DP_EIO when it
 * cannot be had (opener->missing: as there is none), or when a far file has no version by which a
 * change would be seen; DP_ESPEC for an address that has a name, a password or a query in it. */
dp_status dp_opener_open(dp_opener *, const char *path, dp_file *out, dp_error *);
void dp_opener_close(dp_opener *);

/* Where what was opened is damaged: whether that may be due to what is kept on this machine, of a
 * file that is another one by now though its server says that it is the same.  Then the opener is
 * a new one, which asks for it again; its files have to be closed. */
bool dp_opener_renew(dp_opener *);

/* All of a file, as dp_blob_read has it, in the opener's arena. */
dp_status dp_opener_blob(dp_opener *, const char *path, uint64_t most, dp_blob *out, dp_error *);

/* The transfers themselves (transfer.c, or none.c where there is no libcurl).  A file is asked for
 * nothing before it is read. */
dp_status dp_remote_open(dp_remote **, const dp_options *, dp_arena *, dp_error *);
dp_status dp_remote_file(dp_remote *, const char *url, dp_far_file **out, dp_error *);
/* dp_file_read_at past what is kept of a far file in memory: of blocks that are kept otherwise. */
int dp_fetch_past(const dp_file *, uint64_t at, uint8_t *out, size_t n, size_t *got);
void dp_remote_close(dp_remote *); /* NULL is allowed */

#endif
