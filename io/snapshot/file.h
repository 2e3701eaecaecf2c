/* file.h - a snapshot that is open: its header, its footer, its blocks
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_FILE_H
#define IO_SNAPSHOT_FILE_H

#include "base/file.h"
#include "base/hash.h"
#include "io/remote/remote.h"
#include "io/snapshot/block.h"

typedef struct dp_snapshot_file {
    const char *path;
    dp_file main, *shards; /* shards: n_shards of them; NULL = the blocks are in main */
    dp_snapshot_header header;
    dp_snapshot_footer footer;
    bool complete;        /* footer and size are right; if not, footer.index is where it would be */
    const uint8_t *index; /* all of it, checked; NULL = it was not loaded */
    const uint8_t *head;  /* bytes of the header */
    uint8_t tail[DP_SNAPSHOT_FOOTER];
    const uint8_t *seal; /* what its blocks have to be (seal.h); NULL = nobody says */
    bool thorough;       /* each block that is loaded is checked whole */
} dp_snapshot_file;

/* Reads and checks the header, and looks for the footer.  Reads no block. */
dp_status dp_snapshot_file_open(dp_snapshot_file *, const char *path, dp_opener *, dp_error *);
void dp_snapshot_file_close(dp_snapshot_file *);
dp_status dp_snapshot_open_shards(dp_snapshot_file *, dp_opener *, dp_error *);
void dp_snapshot_close_shards(dp_snapshot_file *);

/* The index of rows that vary, or of a far file whose blocks differ in size, into memory.
 * DP_ECORRUPT when it is damaged. */
dp_status dp_snapshot_load_index(dp_snapshot_file *, dp_arena *, dp_error *);
/* The sizes of a record, as the index that was loaded says. */
const uint8_t *dp_snapshot_sizes(const dp_snapshot_file *, uint64_t record);
/* Bytes of all records; where the index was to be loaded and was not, of as many of the largest. */
uint64_t dp_snapshot_raw_size(const dp_snapshot_file *);

/* The file of a block; where its blocks begin, and where they end at the latest. */
const dp_file *dp_snapshot_file_of(const dp_snapshot_file *, const dp_block *, uint64_t *begin,
                                   uint64_t *end);

/* What the index says of a block: its place and size.  DP_ECORRUPT when that cannot be. */
dp_status dp_snapshot_place(const dp_snapshot_file *, const dp_block *, uint64_t *at, size_t *size,
                            dp_error *);

/* Where a block goes: bytes (dp_block_most) as they lie in the file, room (dp_block_most_raw) for
 * what is packed, and its records in one of the two. */
typedef struct dp_block_place {
    uint8_t *bytes, *room;
    dp_records_view *view;
} dp_block_place;

/* A block; of a fetch that was begun for it, if that is not NULL. */
dp_status dp_snapshot_load(const dp_snapshot_file *, const dp_block *, dp_fetch *begun,
                           const dp_block_place *, dp_error *);
/* Starts the fetch of a block of a far file; false = its place is not known, or the file is here.
 */
bool dp_snapshot_begin(const dp_snapshot_file *, const dp_block *, uint8_t *bytes, dp_fetch *);

/* Whether a block is the last one of its file; the first one. */
bool dp_block_ends_file(const dp_snapshot_header *, const dp_block *);
bool dp_block_begins_file(const dp_snapshot_header *, const dp_block *);

/* Going over all blocks without the index: *at is where the block is (set here for the first of a
 * file), the result its size as its head says, 0 when that is damaged.  head: dp_block_most bytes.
 */
size_t dp_snapshot_step(const dp_snapshot_file *, const dp_block *, uint64_t *at, uint8_t *head);

/* What a whole block is looked at in: its bytes in the file, unpacked, and its records. */
typedef struct dp_block_buffers {
    uint8_t *bytes, *room;
    dp_block_rows rows;
    uint8_t *entry; /* of it, for the index */
} dp_block_buffers;
dp_status dp_block_buffers_open(dp_block_buffers *, const dp_snapshot_header *, dp_arena *,
                                dp_error *);

/* A block at a place of a file, without the index: every byte of it is checked, and its records are
 * in buffers->rows.  NULL, or what is wrong; *size is its size if its head says so, else 0. */
const char *dp_block_examine(const dp_snapshot_header *, const dp_block *, const dp_file *,
                             uint64_t at, uint64_t end, const dp_block_buffers *, size_t *size);

/* The same at the place that the index says, as its seal has it if there is one.  file: its own
 * (dp_snapshot_file_of), or what reads of that. */
dp_status dp_snapshot_examine(const dp_snapshot_file *, const dp_block *, const dp_file *file,
                              const dp_block_buffers *buffers, size_t *size, dp_error *);

/* The digest of a data set, a record at a time; the same that dp_source_identity makes. */
void dp_content_start(dp_hash *, const dp_snapshot_header *);
void dp_content_add(dp_hash *, const dp_snapshot_header *, const dp_block_rows *, uint32_t n);

#endif
