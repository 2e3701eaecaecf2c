/* target.h - a snapshot that becomes a file: whole or not at all, and on where it was stopped
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The header is known, blocks come from whoever has them, one after the other; index and footer
 * follow from what was written.
 */
#ifndef PIPELINE_SNAPSHOT_TARGET_H
#define PIPELINE_SNAPSHOT_TARGET_H

#include "base/writer.h"
#include "detpipe_snapshot.h"
#include "io/snapshot/file.h"

typedef struct dp_target {
    dp_arena arena;
    const char *path; /* as it was given: shards lie beside it, where a reader looks for them */
    dp_snapshot_header header;
    const uint8_t *header_bytes;
    const dp_options *options;
    const char *task;             /* what dp_options.progress is told of */
    dp_snapshot_options how;      /* its resume and progress */
    dp_block_buffers buffers;     /* to be opened for the header */
    const dp_snapshot_file *like; /* what is found has to be held by its seal, and the whole has its
                                   * footer; NULL = there is none */
    /* The bytes of a block, its records in buffers.rows. */
    dp_status (*make)(void *ctx, const dp_block *, const uint8_t **bytes, size_t *size, dp_error *);
    void *ctx;
    /* Its own. */
    dp_hash content;
    dp_writer main, shard; /* both closed (fd -1) at first */
    uint64_t block;        /* number of the next one */
} dp_target;

/* All blocks that are not there yet; then, when nothing speaks against it, the rest. */
dp_status dp_target_blocks(dp_target *, dp_error *);
dp_status dp_target_finish(dp_target *, dp_error *);

/* In any case, at the end.  What was written stays for another call, or not even that. */
void dp_target_close(dp_target *, bool keep);

/* Whether a file has all blocks, each as it should be: it is read whole. */
bool dp_target_is_whole(dp_target *, const dp_file *);

/* Removes the shards of a snapshot. */
void dp_target_remove_shards(const dp_snapshot_header *, const char *path, dp_arena *);

#endif
