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
    size_t head, raw;       /* bytes before the records, and of them */
} dp_block;
dp_block dp_block_of(const dp_snapshot_header *, uint64_t number);

/* Bytes of the largest block in the file; of its records. */
size_t dp_block_most(const dp_snapshot_header *);
size_t dp_block_most_raw(const dp_snapshot_header *);

/* ---- writing ---- */

typedef struct dp_packer {
    const dp_snapshot_header *header;
    uint8_t *out;      /* dp_block_most bytes */
    uint8_t *shuffled; /* of the records; NULL = nothing is shuffled */
    void *state;       /* liblz4's */
} dp_packer;
dp_status dp_packer_open(dp_packer *, const dp_snapshot_header *, dp_arena *, dp_error *);

/* The block of these records (as docs/snapshot.md has them), in packer->out; its bytes. */
size_t dp_block_pack(dp_packer *, const dp_block *, const uint8_t *records);

/* ---- reading ---- */

/* Records of a block, as they are stored (but for compression). */
typedef struct dp_records_view {
    const uint8_t *checks, *records;
    bool shuffled;
} dp_records_view;

/* Bytes of the block in the file, which its head says (block->head bytes); 0 = it is damaged. */
size_t dp_block_size(const dp_snapshot_header *, const dp_block *, const uint8_t *head);

/* size bytes of the file as block; room: dp_block_most_raw bytes, where records are unpacked to.
 * NULL, or what is wrong. */
const char *dp_block_open(const dp_snapshot_header *, const dp_block *, const uint8_t *bytes,
                          size_t size, uint8_t *room, dp_records_view *out);

/* Whether the stored bytes are what was written: more than the records need. */
bool dp_block_is_stored(const dp_block *, const uint8_t *bytes);

/* Record i of the block into one buffer a column, little-endian; whether its check is right. */
bool dp_block_record(const dp_snapshot_header *, const dp_records_view *, uint32_t i,
                     void *const columns[]);

#endif
