/* pages.h - far files by pages: kept in memory, and in the local cache
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the files of an opener hold is read by pages of 64 KiB, up to 64 MiB of which stay in
 * memory; those that are read one after the other, or told of (dp_file_ahead), are fetched before
 * they are wanted.  In the folder of dp_options.cache a page is named by the address, the length
 * and the version of its file, and has a digest, which it is held against when it is read again.
 */
#ifndef IO_REMOTE_PAGES_H
#define IO_REMOTE_PAGES_H

#include "io/remote/local_cache.h"
#include "io/remote/remote.h"

typedef struct dp_pages dp_pages;

/* `few`: 1 MiB of them are enough.  `anew`: what is kept on this machine is asked for again, and
 * kept anew. */
dp_status dp_pages_open(dp_pages **out, bool few, bool anew, const dp_options *, dp_arena *,
                        dp_error *);
void dp_pages_close(dp_pages *); /* NULL is allowed */

/* Whether a page was taken of the cache that its server could be asked for. */
bool dp_pages_were_kept(const dp_pages *);

/* A file that was not asked for anything yet: finds its size and version, which has to be said but
 * where any is right.  Where no server answers it is what it was when it was last opened, if that
 * is in the cache.  As dp_opener_open; *missing: the server says that there is none. */
dp_status dp_pages_file(dp_pages *, dp_far_file *, const char *url, bool any_version, bool *missing,
                        dp_file *out, dp_error *);

/* The name, in the local cache, of block `number` of a far file whose reader has blocks of its own;
 * false = its version is not known. */
bool dp_pages_block(const dp_file *, uint64_t number, dp_local_name *out);

#endif
