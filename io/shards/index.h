/* index.h - the index of a shard in a file, beside the identities
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where dp_options.identities is "ids", the folder "ids.shards" holds a file for each shard, named
 * after its path and the fields: one of a shard that changed is replaced.  It is believed for a
 * file of the same size and times, if its own check is right.
 */
#ifndef IO_SHARDS_INDEX_H
#define IO_SHARDS_INDEX_H

#include "io/shards/shards.h"

/* Fills the shard as a look at its file would; *found is false where there is no index of it. */
dp_status dp_index_find(const dp_shards *, dp_shard_file *, const dp_options *, dp_arena *,
                        bool *found, dp_error *);

/* Writes what the shard holds; nothing unless identities are kept.  DP_EIO when it cannot. */
dp_status dp_index_keep(const dp_shards *, const dp_shard_file *, const dp_options *, dp_arena *,
                        dp_error *);

#endif
