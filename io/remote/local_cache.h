/* local_cache.h - dp_options.cache: blocks of far files, kept in a folder of this machine
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is kept is held against a digest whenever it is read, and processes share it without knowing
 * of one another.  What
 * cannot be read is not there, what cannot be written is not kept; neither is an error.  No call
 * takes memory of the handle's, and any thread may call.
 */
#ifndef IO_REMOTE_LOCAL_CACHE_H
#define IO_REMOTE_LOCAL_CACHE_H

#include "base/alloc.h"
#include "base/blake.h"

typedef struct dp_local_cache {
    int folder;    /* -1 = there is none */
    uint64_t most; /* bytes of the folder's blocks, in pages of 4 KiB each */
} dp_local_cache;

/* As dp_options.cache has it, or where that is NULL the environment variable DETPIPE_CACHE; of a
 * folder that cannot be had dp_options.log is told.  DP_ESPEC for a text that is wrong. */
dp_status dp_local_cache_open(dp_local_cache *, const dp_options *, dp_arena *, dp_error *);
void dp_local_cache_close(dp_local_cache *);

/* What bytes are called.  Of a `sum` the name is their digest; else it says where they are from,
 * and a digest of name and bytes stands behind them. */
typedef struct dp_local_name {
    uint8_t digest[DP_BLAKE];
    bool sum;
} dp_local_name;

/* The bytes of that name, at most `room` of them; whether they are there, and right. */
bool dp_local_cache_get(const dp_local_cache *, const dp_local_name *, uint8_t *out, size_t room,
                        size_t *size);
/* Whether there seem to be some. */
bool dp_local_cache_has(const dp_local_cache *, const dp_local_name *);
/* Keeps bytes that have the name, if there is room or others can go. */
void dp_local_cache_put(const dp_local_cache *, const dp_local_name *, const uint8_t *bytes,
                        size_t size);

#endif
