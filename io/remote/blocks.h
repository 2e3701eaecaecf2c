/* blocks.h - blocks of files that are in memory: as many as fit, shared by threads
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_REMOTE_BLOCKS_H
#define IO_REMOTE_BLOCKS_H

#include "base/alloc.h"
#include "io/remote/transfer.h"

typedef struct dp_block_cache dp_block_cache;

typedef struct dp_block_slot {
    void *memory;
    uint64_t wanted; /* by a batch before this one (dp_when); 0 = it is not known of any */
    uint32_t pins;
    bool loading, ready;
    bool begun; /* its fetch was started, and is not looked at yet */
    dp_fetch fetch;
    dp_answer said; /* of the fetch, if the loader wants it */
} dp_block_slot;

/* How a block gets into slot->memory, of slot_size bytes. */
typedef struct dp_block_loader {
    const void *ctx;
    /* Whether to begin it ahead is of use; starts the slot's fetch, unless that cannot be. */
    bool (*is_far)(const void *ctx, uint64_t block);
    bool (*begin)(const void *ctx, uint64_t block, dp_block_slot *);
    /* If it was begun, of what the fetch brings: if `sums` and it did, with the digest of that. */
    dp_status (*load)(const void *ctx, uint64_t block, dp_block_slot *, dp_error *);
    bool sums;
} dp_block_loader;

/* n_slots >= 1; threads wait for one another when there are fewer slots than threads. */
dp_status dp_block_cache_open(dp_block_cache **out, const dp_block_loader *, uint32_t n_slots,
                              size_t slot_size, uint32_t threads, dp_arena *, dp_error *);
/* What was begun goes on until its opener is closed, and uses the memory. */
void dp_block_cache_close(dp_block_cache *);

/* The block's memory, which stays until it is given back; by any thread, one block at a time. */
dp_status dp_block_cache_get(dp_block_cache *, uint64_t block, dp_block_slot **out, dp_error *);
void dp_block_cache_put(dp_block_cache *, dp_block_slot *);

/* The block will be wanted: begins to fetch it where that is possible, and keeps it until its turn
 * is over (NULL = no turn is known).  False = there is no room before an earlier turn is over. */
bool dp_block_cache_ahead(dp_block_cache *, uint64_t block, const dp_when *);

#endif
