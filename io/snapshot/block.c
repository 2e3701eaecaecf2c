/* block.c - the blocks of a snapshot, as bytes of the file and as records
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/snapshot/block.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/pack/byte_shuffle.h"
#include "base/pack/compress.h"
#include "base/tensor.h"

/* Places in the head. */
enum { NUMBER = 0, RECORDS = 8, STORED = 12, STORED_CHECK = 16, CHECKS = 24 };

dp_block dp_block_of(const dp_snapshot_header *h, uint64_t number)
{
    dp_block b = {.number = number, .first = number * h->block_records};
    const uint64_t left = h->n_records - b.first;

    b.n = left < h->block_records ? (uint32_t)left : h->block_records;
    b.head = CHECKS + 8 * (size_t)b.n + 8;
    b.raw = b.n * (size_t)h->record_size;
    return b;
}

/* The first block is as large as any. */
size_t dp_block_most(const dp_snapshot_header *h)
{
    const dp_block b = dp_block_of(h, 0);
    return b.head + b.raw;
}

size_t dp_block_most_raw(const dp_snapshot_header *h) { return dp_block_of(h, 0).raw; }

static bool is_shuffled(const dp_snapshot_header *h, uint32_t column)
{
    return dp_dtype_is_float(h->columns[column].type.dtype);
}

/* ---- writing ---- */

dp_status dp_packer_open(dp_packer *p, const dp_snapshot_header *h, dp_arena *arena, dp_error *err)
{
    const bool packs = h->compression != DP_COMPRESS_NONE;

    *p = (dp_packer){.header = h, .out = dp_arena_alloc(arena, dp_block_most(h) + 1, 1)};
    if (packs)
        p->state = dp_arena_alloc(arena, dp_lz4_state_size(h->compression == DP_COMPRESS_LZ4HC), 1);
    if (packs && h->shuffle)
        p->shuffled = dp_arena_alloc(arena, dp_block_most_raw(h) + 1, 1);
    if (p->out == NULL || (packs && p->state == NULL) ||
        (packs && h->shuffle && p->shuffled == NULL))
        return dp_arena_fail(arena, err, "a block");
    return DP_OK;
}

static const uint8_t *shuffle(const dp_packer *p, const dp_block *b, const uint8_t *records)
{
    const dp_snapshot_header *h = p->header;

    if (!h->shuffle)
        return records;
    for (uint32_t c = 0; c < h->n_columns; c++) {
        const size_t size = is_shuffled(h, c) ? dp_dtype_size(h->columns[c].type.dtype) : 1;
        for (uint32_t i = 0; i < b->n; i++) {
            const size_t at = i * (size_t)h->record_size + h->offset[c];
            dp_byte_shuffle(records + at, h->bytes[c] / size, size, p->shuffled + at);
        }
    }
    return p->shuffled;
}

size_t dp_block_pack(dp_packer *p, const dp_block *b, const uint8_t *records)
{
    const dp_snapshot_header *h = p->header;
    uint8_t *head = p->out, *stored = p->out + b->head;
    size_t size = 0;

    if (h->compression != DP_COMPRESS_NONE)
        size = dp_lz4_pack(shuffle(p, b, records), b->raw, stored,
                           h->compression == DP_COMPRESS_LZ4HC, p->state);
    if (size == 0) {
        size = b->raw;
        memcpy(stored, records, size);
    }
    dp_store_le(head + NUMBER, 8, b->number);
    dp_store_le(head + RECORDS, 4, b->n);
    dp_store_le(head + STORED, 4, size);
    dp_store_le(head + STORED_CHECK, 8, dp_hash64(stored, size));
    for (uint32_t i = 0; i < b->n; i++)
        dp_store_le(head + CHECKS + 8 * (size_t)i, 8,
                    dp_hash64(records + i * h->record_size, (size_t)h->record_size));
    dp_store_le(stored - 8, 8, dp_hash64_seeded(head, b->head - 8, h->key));
    return b->head + size;
}

/* ---- reading ---- */

size_t dp_block_size(const dp_snapshot_header *h, const dp_block *b, const uint8_t *head)
{
    const uint64_t stored = dp_load_le(head + STORED, 4);

    if (dp_load_le(head + b->head - 8, 8) != dp_hash64_seeded(head, b->head - 8, h->key) ||
        dp_load_le(head + NUMBER, 8) != b->number || dp_load_le(head + RECORDS, 4) != b->n ||
        stored == 0 || stored > b->raw)
        return 0;
    return b->head + (size_t)stored;
}

const char *dp_block_open(const dp_snapshot_header *h, const dp_block *b, const uint8_t *bytes,
                          size_t size, uint8_t *room, dp_records_view *out)
{
    const uint8_t *stored = bytes + b->head;
    const size_t said = size < b->head ? 0 : dp_block_size(h, b, bytes);
    const size_t n_stored = size - b->head;

    if (said == 0)
        return "its head is damaged";
    if (said != size)
        return "it has another size than the index says";
    *out = (dp_records_view){bytes + CHECKS, stored, false};
    if (n_stored == b->raw)
        return NULL;
    if (h->compression == DP_COMPRESS_NONE || !dp_lz4_unpack(stored, n_stored, room, b->raw))
        return "it cannot be unpacked";
    out->records = room;
    out->shuffled = h->shuffle;
    return NULL;
}

bool dp_block_is_stored(const dp_block *b, const uint8_t *bytes)
{
    return dp_hash64(bytes + b->head, (size_t)dp_load_le(bytes + STORED, 4)) ==
           dp_load_le(bytes + STORED_CHECK, 8);
}

/* One column of a record, put back in order; shuffled or not. */
static void take_column(const dp_snapshot_header *h, const dp_records_view *view, uint32_t column,
                        const uint8_t *record, void *out)
{
    const size_t size = dp_dtype_size(h->columns[column].type.dtype), n = h->bytes[column];

    if (view->shuffled && is_shuffled(h, column))
        dp_byte_unshuffle(record + h->offset[column], n / size, size, out);
    else
        memcpy(out, record + h->offset[column], n);
}

bool dp_block_record(const dp_snapshot_header *h, const dp_records_view *view, uint32_t i,
                     void *const columns[])
{
    const uint8_t *record = view->records + i * (size_t)h->record_size;
    const uint64_t check = dp_load_le(view->checks + 8 * (size_t)i, 8);
    dp_hash parts;

    for (uint32_t c = 0; c < h->n_columns; c++)
        take_column(h, view, c, record, columns[c]);
    if (!view->shuffled) /* in one piece, which is faster */
        return check == dp_hash64(record, (size_t)h->record_size);
    dp_hash64_init(&parts);
    for (uint32_t c = 0; c < h->n_columns; c++)
        dp_hash_bytes(&parts, columns[c], h->bytes[c]);
    return check == dp_hash64_final(&parts);
}
