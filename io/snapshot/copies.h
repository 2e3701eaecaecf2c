/* copies.h - a snapshot and its mirrors: a block that one of them has not, or has otherwise, is
 * taken of the next
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_COPIES_H
#define IO_SNAPSHOT_COPIES_H

#include <stdatomic.h>

#include "io/remote/local_cache.h"
#include "io/snapshot/file.h"

#define DP_MAX_COPIES 16

/* What a text says of them. */
typedef struct dp_copy_names {
    const char *file, *mirrors, *digest; /* mirrors: joined by commas; "" = none */
} dp_copy_names;

typedef struct dp_copies {
    dp_opener *opener;
    dp_snapshot_file *files; /* complete, and of one snapshot */
    uint32_t n;
    dp_local_cache cache;
    _Atomic uint32_t *asked; /* the one that is asked first */
} dp_copies;

/* Opens those that can be; files[0] has the index that readers need (dp_snapshot_load_index).
 * Fails as the first one did, when none can; what is left out is logged.  To be closed even then.
 */
dp_status dp_copies_open(dp_copies *, const dp_copy_names *, dp_opener *, dp_error *);
void dp_copies_close(dp_copies *);

/* dp_snapshot_load of the cache or, which it then keeps the block of, of one of them after the
 * other: the one that it was begun of (NULL = it was not), or else the one that is asked now. Fails
 * as the first one that was asked. */
dp_status dp_copies_load(const dp_copies *, const dp_block *, dp_fetch *begun,
                         const dp_block_place *, dp_error *);

/* Whether a block has to be fetched; dp_snapshot_begin of the copy that is asked now. */
bool dp_copies_are_far(const dp_copies *, const dp_block *);
bool dp_copies_begin(const dp_copies *, const dp_block *, uint8_t *bytes, dp_fetch *);

#endif
