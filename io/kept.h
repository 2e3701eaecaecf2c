/* kept.h - records of one size that are kept in memory once they are read again
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For readers whose records are small and are read in every epoch.  Any threads may look, fill and
 * prefetch at once, without a lock.  A record that is read once touches no memory.
 */
#ifndef IO_KEPT_H
#define IO_KEPT_H

#include "base/alloc.h"

typedef struct dp_kept dp_kept;

/* Room for n records of `size` bytes, in the arena.  *out is NULL where that is more than 256 MiB
 * or half of options->memory, or the arena has no room: then nothing is kept.  DP_ENOMEM when the
 * machine has none. */
dp_status dp_kept_plan(dp_kept **out, uint64_t n, size_t size, const dp_options *, dp_arena *,
                       dp_error *);

/* The bytes of a record that is kept, on a line of the cache; NULL = it is not (or nothing is). */
const uint8_t *dp_kept_find(const dp_kept *, uint64_t record);

/* For a record that was just read: where its bytes are to be written, before dp_kept_fill; NULL =
 * nowhere, as it was read for the first time, or another thread keeps it (or nothing is kept). */
uint8_t *dp_kept_claim(dp_kept *, uint64_t record);
void dp_kept_fill(dp_kept *, uint64_t record); /* they are written */

/* Tells the cache that a record will be looked for soon. */
void dp_kept_prefetch(const dp_kept *, uint64_t record);

#endif
