/* index.h - the indexes of a data set's shards in a file, beside the identities
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where dp_options.identities is "ids", the folder "ids.shards" holds a file for each list of
 * shards and fields, in which each shard has an entry.  That is believed for a shard of the same
 * size and times, if its own check is right.
 */
#ifndef IO_SHARDS_INDEX_H
#define IO_SHARDS_INDEX_H

#include "io/shards/shards.h"

typedef struct dp_index {
    const dp_shards *shards;
    dp_arena arena;   /* until it is closed */
    const char *path; /* NULL = nothing is kept */
    dp_file file;     /* fd -1: there is none, or nothing more of it is of use */
    uint64_t at;      /* of the next entry */
    uint8_t *bytes;   /* some of the file */
    size_t room, n;
    uint64_t from;
    bool partly; /* it had not all that was asked for */
} dp_index;

/* Finds the file of these shards, which are open. */
dp_status dp_index_open(dp_index *, const dp_shards *, const dp_options *, dp_arena *, dp_error *);
void dp_index_close(dp_index *);

/* Fills a shard, which is behind the last that was asked for, as a look at it would; *found is
 * false where there is no entry of it. */
dp_status dp_index_find(dp_index *, dp_shard_file *, dp_arena *, bool *found, dp_error *);

/* Writes what the first n shards hold, unless that is what it had.  DP_EIO when it cannot. */
dp_status dp_index_keep(dp_index *, size_t n, dp_error *);

#endif
