/* block.h - the blocks of a snapshot, as bytes of the file and as records
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_BLOCK_H
#define IO_SNAPSHOT_BLOCK_H

#include "io/snapshot/format.h"

/* Where a block's records are, and how large it may be. */
typedef struct dp_block {
    uint64_t number, first; /* record */
    uint32_t n;             /* records */
    size_t head, raw;       /* bytes before the records, and of them (at most, where they vary) */
    size_t entry;           /* bytes of it in the index */
} dp_block;
dp_block dp_block_of(const dp_snapshot_header *, uint64_t number);

/* Bytes of the largest block in the file; of its records; of what it takes to open one. */
size_t dp_block_most(const dp_snapshot_header *);
size_t dp_block_most_raw(const dp_snapshot_header *);
size_t dp_block_room(const dp_snapshot_header *);

/* The records of a block as docs/snapshot.md has them, and their sizes (of columns that vary). */
typedef struct dp_block_rows {
    uint8_t *records, *sizes;
} dp_block_rows;

/* ---- writing ---- */

typedef struct dp_packer {
    const dp_snapshot_header *header;
    uint8_t *out;      /* dp_block_most bytes */
    uint8_t *shuffled; /* of the records; NULL = nothing is shuffled */
    void *state;       /* liblz4's */
} dp_packer;
dp_status dp_packer_open(dp_packer *, const dp_snapshot_header *, dp_arena *, dp_error *);

/* The block of these records, in packer->out; its bytes. */
size_t dp_block_pack(dp_packer *, const dp_block *, const dp_block_rows *);

/* ---- reading ---- */

/* Records of a block, as they are stored (but for compression). */
typedef struct dp_records_view {
    const uint8_t *checks, *sizes, *records;
    const uint64_t *places; /* of each among the records; NULL = all have one size */
    bool shuffled;
    bool known; /* to be what was written: their checks are not needed */
} dp_records_view;

/* Bytes of the block in the file, which its head says (block->head bytes); 0 = it is damaged. */
size_t dp_block_size(const dp_snapshot_header *, const dp_block *, const uint8_t *head);

/* size bytes of the file as block; room: dp_block_room bytes.  NULL, or what is wrong. */
const char *dp_block_open(const dp_snapshot_header *, const dp_block *, const uint8_t *bytes,
                          size_t size, uint8_t *room, dp_records_view *out);

/* What its head, which is whole, says of its records; into the index (block->entry bytes) of a
 * block at a place of its file. */
const uint8_t *dp_block_sizes(const dp_block *, const uint8_t *head);
void dp_block_print_entry(const dp_block *, uint64_t at, const uint8_t *sizes, uint8_t *entry);

/* Whether the stored bytes are what was written: more than the records need. */
bool dp_block_is_stored(const dp_block *, const uint8_t *bytes);

/* Record i of the block into one buffer a column, little-endian; whether it is known or its check
 * is right. */
bool dp_block_record(const dp_snapshot_header *, const dp_records_view *, uint32_t i,
                     void *const columns[]);

#endif
