/* cache.h - the blocks of a file that are in memory: as many as fit, shared by threads
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_CACHE_H
#define IO_SNAPSHOT_CACHE_H

#include "base/alloc.h"

typedef struct dp_block_cache dp_block_cache;

/* A block in memory, and the one that loads it: into slot->memory, of slot_size bytes. */
typedef struct dp_block_slot {
    void *memory;
    uint64_t block, used;
    uint32_t pins;
    bool loading, ready;
} dp_block_slot;
typedef dp_status dp_block_loader(const void *ctx, uint64_t block, void *memory, dp_error *);

/* n_slots >= 1; threads wait for one another when there are fewer slots than threads. */
dp_status dp_block_cache_open(dp_block_cache **out, uint32_t n_slots, size_t slot_size, dp_arena *,
                              dp_error *);
void dp_block_cache_close(dp_block_cache *);

/* The block's memory, which stays until it is given back; by any thread, one block at a time. */
dp_status dp_block_cache_get(dp_block_cache *, uint64_t block, dp_block_loader *, const void *ctx,
                             dp_block_slot **out, dp_error *);
void dp_block_cache_put(dp_block_cache *, dp_block_slot *);

#endif
