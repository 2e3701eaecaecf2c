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

/* Places in the head; behind the checks the sizes, then the check of the head. */
enum { NUMBER = 0, RECORDS = 8, STORED = 12, STORED_CHECK = 16, CHECKS = 24 };

dp_block dp_block_of(const dp_snapshot_header *h, uint64_t number)
{
    dp_block b = {.number = number, .first = number * h->block_records};
    const uint64_t left = h->n_records - b.first;

    b.n = left < h->block_records ? (uint32_t)left : h->block_records;
    b.head = CHECKS + (8 + h->sizes) * (size_t)b.n + 8;
    b.entry = 8 + h->sizes * (size_t)b.n;
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

/* Places of the records, where they differ in size. */
static size_t places_size(const dp_snapshot_header *h)
{
    return h->sizes != 0 ? (8 * (size_t)dp_block_of(h, 0).n + 63) / 64 * 64 : 0;
}

size_t dp_block_room(const dp_snapshot_header *h)
{
    return places_size(h) + (h->compression != DP_COMPRESS_NONE ? dp_block_most_raw(h) : 0);
}

const uint8_t *dp_block_sizes(const dp_block *b, const uint8_t *head)
{
    return head + CHECKS + 8 * (size_t)b->n;
}

void dp_block_print_entry(const dp_block *b, uint64_t at, const uint8_t *sizes, uint8_t *entry)
{
    dp_store_le(entry, 8, at);
    memcpy(entry + 8, sizes, b->entry - 8);
}

static size_t record_bytes(const dp_snapshot_header *h, const uint8_t *sizes)
{
    dp_layout room;

    return dp_record_layout(h, sizes, &room)->size;
}

/* Bytes of the records of these sizes, or SIZE_MAX: there are none of such. */
static size_t raw_bytes(const dp_snapshot_header *h, const dp_block *b, const uint8_t *sizes)
{
    size_t raw = 0;

    if (h->sizes == 0)
        return b->raw;
    for (uint32_t i = 0; i < b->n; i++, sizes += h->sizes) {
        if (!dp_sizes_are_known(h, sizes))
            return SIZE_MAX;
        raw += record_bytes(h, sizes);
    }
    return raw;
}

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

static const uint8_t *shuffle(const dp_packer *p, const dp_block *b, const dp_block_rows *rows)
{
    const dp_snapshot_header *h = p->header;
    size_t from = 0;

    if (!h->shuffle)
        return rows->records;
    for (uint32_t i = 0; i < b->n; i++) {
        dp_layout room;
        const dp_layout *l = dp_record_layout(h, rows->sizes + i * (size_t)h->sizes, &room);
        for (uint32_t c = 0; c < h->n_columns; c++) {
            const size_t size = is_shuffled(h, c) ? dp_dtype_size(h->columns[c].type.dtype) : 1;
            const size_t at = from + l->offset[c];
            dp_byte_shuffle(rows->records + at, l->bytes[c] / size, size, p->shuffled + at);
        }
        from += l->size;
    }
    return p->shuffled;
}

static void print_checks(const dp_snapshot_header *h, const dp_block *b, const dp_block_rows *rows,
                         uint8_t *checks)
{
    const uint8_t *record = rows->records;

    for (size_t i = 0; i < b->n; i++) {
        const size_t size = record_bytes(h, rows->sizes + i * h->sizes);
        dp_store_le(checks + 8 * i, 8, dp_hash64(record, size));
        record += size;
    }
}

size_t dp_block_pack(dp_packer *p, const dp_block *b, const dp_block_rows *rows)
{
    const dp_snapshot_header *h = p->header;
    const size_t raw = raw_bytes(h, b, rows->sizes);
    uint8_t *head = p->out, *stored = p->out + b->head;
    size_t size = 0;

    if (h->compression != DP_COMPRESS_NONE)
        size = dp_lz4_pack(shuffle(p, b, rows), raw, stored, h->compression == DP_COMPRESS_LZ4HC,
                           p->state);
    if (size == 0) {
        size = raw;
        memcpy(stored, rows->records, size);
    }
    dp_store_le(head + NUMBER, 8, b->number);
    dp_store_le(head + RECORDS, 4, b->n);
    dp_store_le(head + STORED, 4, size);
    dp_store_le(head + STORED_CHECK, 8, dp_hash64(stored, size));
    print_checks(h, b, rows, head + CHECKS);
    memcpy(head + CHECKS + 8 * (size_t)b->n, rows->sizes, b->entry - 8);
    dp_store_le(stored - 8, 8, dp_hash64_seeded(head, b->head - 8, h->key));
    return b->head + size;
}

/* ---- reading ---- */

size_t dp_block_size(const dp_snapshot_header *h, const dp_block *b, const uint8_t *head)
{
    const uint64_t stored = dp_load_le(head + STORED, 4);
    size_t raw;

    if (dp_load_le(head + b->head - 8, 8) != dp_hash64_seeded(head, b->head - 8, h->key) ||
        dp_load_le(head + NUMBER, 8) != b->number || dp_load_le(head + RECORDS, 4) != b->n)
        return 0;
    raw = raw_bytes(h, b, dp_block_sizes(b, head));
    if (raw > b->raw || stored > raw || (stored == 0) != (raw == 0))
        return 0;
    return b->head + (size_t)stored;
}

/* Where each record begins, into the room; the bytes of all. */
static size_t find_places(const dp_snapshot_header *h, const dp_block *b, const uint8_t *sizes,
                          uint64_t *places)
{
    size_t at = 0;

    if (h->sizes == 0)
        return b->raw;
    for (uint32_t i = 0; i < b->n; i++, sizes += h->sizes) {
        places[i] = at;
        at += record_bytes(h, sizes);
    }
    return at;
}

const char *dp_block_open(const dp_snapshot_header *h, const dp_block *b, const uint8_t *bytes,
                          size_t size, uint8_t *room, dp_records_view *out)
{
    const uint8_t *stored = bytes + b->head;
    const size_t said = size < b->head ? 0 : dp_block_size(h, b, bytes);
    const size_t n_stored = size - b->head;
    uint8_t *unpacked = room + places_size(h);
    size_t raw;

    if (said == 0)
        return "its head is damaged";
    if (said != size)
        return "it has another size than the index says";
    *out = (dp_records_view){
        .checks = bytes + CHECKS, .sizes = dp_block_sizes(b, bytes), .records = stored};
    raw = find_places(h, b, out->sizes, (uint64_t *)(void *)room);
    if (h->sizes != 0)
        out->places = (const uint64_t *)(const void *)room;
    if (n_stored == raw)
        return NULL;
    if (h->compression == DP_COMPRESS_NONE || !dp_lz4_unpack(stored, n_stored, unpacked, raw))
        return "it cannot be unpacked";
    out->records = unpacked;
    out->shuffled = h->shuffle;
    return NULL;
}

bool dp_block_is_stored(const dp_block *b, const uint8_t *bytes)
{
    return dp_hash64(bytes + b->head, (size_t)dp_load_le(bytes + STORED, 4)) ==
           dp_load_le(bytes + STORED_CHECK, 8);
}

/* One column of a record, put back in order; shuffled or not. */
static void take_column(const dp_snapshot_header *h, const dp_records_view *view,
                        const dp_layout *layout, uint32_t column, const uint8_t *record, void *out)
{
    const size_t size = dp_dtype_size(h->columns[column].type.dtype), n = layout->bytes[column];

    if (view->shuffled && is_shuffled(h, column))
        dp_byte_unshuffle(record + layout->offset[column], n / size, size, out);
    else
        memcpy(out, record + layout->offset[column], n);
}

bool dp_block_record(const dp_snapshot_header *h, const dp_records_view *view, uint32_t i,
                     void *const columns[])
{
    const uint64_t check = dp_load_le(view->checks + 8 * (size_t)i, 8);
    const uint8_t *record =
        view->records + (view->places != NULL ? view->places[i] : i * h->record_size);
    dp_layout room;
    const dp_layout *layout = dp_record_layout(h, view->sizes + i * (size_t)h->sizes, &room);
    dp_hash parts;

    for (uint32_t c = 0; c < h->n_columns; c++)
        take_column(h, view, layout, c, record, columns[c]);
    if (view->known)
        return true;
    if (!view->shuffled) /* in one piece, which is faster */
        return check == dp_hash64(record, layout->size);
    dp_hash64_init(&parts);
    for (uint32_t c = 0; c < h->n_columns; c++)
        dp_hash_bytes(&parts, columns[c], layout->bytes[c]);
    return check == dp_hash64_final(&parts);
}
