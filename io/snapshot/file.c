/* file.c - a snapshot that is open: its header, its footer, its blocks
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/snapshot/file.h"

#include <string.h>

#include "base/bytes.h"
#include "base/sniff.h"
#include "base/tensor.h"
#include "io/identity.h"
#include "io/snapshot/seal.h"

static dp_status read_failed(const dp_file *file, int error, const char *path, dp_error *err)
{
    return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", path, dp_file_why(file, error));
}

/* n bytes at a place; fewer are damage. */
static dp_status read_all(const dp_file *file, uint64_t at, void *out, size_t n, const char *path,
                          const char *what, dp_error *err)
{
    size_t got;
    const int error = dp_file_read_at(file, at, out, n, &got);

    if (error != 0)
        return read_failed(file, error, path, err);
    return got == n ? DP_OK : dp_fail(err, DP_ECORRUPT, "%.120s ends in its %s", path, what);
}

static dp_status read_header(dp_snapshot_file *f, dp_arena *arena, dp_error *err)
{
    uint8_t fixed[DP_SNAPSHOT_FIXED], *bytes;
    dp_status status = DP_OK;
    uint32_t size = 0;

    if (f->main.size >= sizeof fixed)
        status = read_all(&f->main, 0, fixed, sizeof fixed, f->path, "header", err);
    if (status != DP_OK)
        return status;
    if (f->main.size >= sizeof fixed)
        size = dp_snapshot_header_size(fixed);
    if (size == 0)
        return dp_fail(err, DP_ECORRUPT, "%.120s is not a snapshot%s", f->path,
                       dp_sniff_file(&f->main).text);
    if (size > f->main.size)
        return dp_fail(err, DP_ECORRUPT, "%.120s ends in its header", f->path);
    f->head = bytes = dp_arena_alloc(arena, size, 1);
    if (bytes == NULL)
        return dp_arena_fail(arena, err, "the header of a snapshot");
    status = read_all(&f->main, 0, bytes, size, f->path, "header", err);
    return status == DP_OK ? dp_snapshot_parse(bytes, size, f->path, arena, &f->header, err)
                           : status;
}

/* Whether the footer is right and the file is as large as it says; without one, where the index
 * would be. */
static bool read_footer(dp_snapshot_file *f)
{
    const dp_snapshot_header *h = &f->header;
    const uint64_t most = f->main.size - h->size, size = dp_snapshot_index_size(h);
    uint8_t *bytes = f->tail;
    size_t got = 0;

    f->footer = (dp_snapshot_footer){.index = h->size};
    if (most < sizeof f->tail || size > most - sizeof f->tail)
        return false;
    f->footer.index = f->main.size - sizeof f->tail - size;
    if (dp_file_read_at(&f->main, f->main.size - sizeof f->tail, bytes, sizeof f->tail, &got) !=
            0 ||
        got != sizeof f->tail)
        return false;
    const uint64_t index = f->footer.index;
    return dp_snapshot_parse_footer(h, bytes, &f->footer) && f->footer.index == index &&
           (h->n_shards == 0 || index == h->size);
}

dp_status dp_snapshot_open_shards(dp_snapshot_file *f, dp_opener *opener, dp_error *err)
{
    dp_arena *arena = opener->arena;
    const dp_snapshot_header *h = &f->header;
    dp_status status = DP_OK;

    if (h->n_shards == 0)
        return DP_OK;
    f->shards = dp_arena_alloc(arena, h->n_shards, sizeof *f->shards);
    if (f->shards == NULL)
        return dp_arena_fail(arena, err, "the shards of a snapshot");
    for (uint32_t i = 0; i < h->n_shards; i++)
        f->shards[i].fd = -1;
    for (uint32_t i = 0; i < h->n_shards && status == DP_OK; i++) {
        const char *path = dp_snapshot_shard_path(h, f->path, i, arena);
        status = path == NULL ? dp_arena_fail(arena, err, "the shards of a snapshot")
                              : dp_opener_open(opener, path, &f->shards[i], err);
    }
    return status;
}

dp_status dp_snapshot_file_open(dp_snapshot_file *f, const char *path, dp_opener *opener,
                                dp_error *err)
{
    dp_status status;

    *f = (dp_snapshot_file){.path = path, .main.fd = -1};
    status = dp_opener_open(opener, path, &f->main, err);
    if (status == DP_OK)
        status = read_header(f, opener->arena, err);
    if (status == DP_OK) {
        f->complete = read_footer(f);
        status = dp_snapshot_open_shards(f, opener, err);
    }
    if (status != DP_OK)
        dp_snapshot_file_close(f);
    return status;
}

void dp_snapshot_close_shards(dp_snapshot_file *f)
{
    for (uint32_t i = 0; f->shards != NULL && i < f->header.n_shards; i++)
        dp_file_close(&f->shards[i]);
}

void dp_snapshot_file_close(dp_snapshot_file *f)
{
    dp_file_close(&f->main);
    dp_snapshot_close_shards(f);
}

/* ---- the index ---- */

/* Whether a block's place is not known by its number. */
static bool has_places(const dp_snapshot_header *h)
{
    return h->compression != DP_COMPRESS_NONE || h->sizes != 0;
}

dp_status dp_snapshot_load_index(dp_snapshot_file *f, dp_arena *arena, dp_error *err)
{
    const uint64_t size = dp_snapshot_index_size(&f->header);
    uint8_t *index;
    dp_status status;

    if (f->header.sizes == 0 && !(f->main.far != NULL && has_places(&f->header)))
        return DP_OK;
    index = size < SIZE_MAX ? dp_arena_alloc_raw(arena, (size_t)size + 1, 1) : NULL;
    if (index == NULL)
        return dp_arena_fail(arena, err, "the index of a snapshot");
    status = read_all(&f->main, f->footer.index, index, (size_t)size, f->path, "index", err);
    if (status == DP_OK && dp_hash64(index, (size_t)size) != f->footer.index_check)
        status = dp_fail(err, DP_ECORRUPT, "%.120s: the index is damaged", f->path);
    if (status == DP_OK)
        f->index = index;
    return status;
}

const uint8_t *dp_snapshot_sizes(const dp_snapshot_file *f, uint64_t record)
{
    const dp_snapshot_header *h = &f->header;

    return f->index + 8 * (record / h->block_records + 1) + h->sizes * record;
}

uint64_t dp_snapshot_raw_size(const dp_snapshot_file *f)
{
    const dp_snapshot_header *h = &f->header;
    uint64_t size = 0;
    dp_layout room;

    if (f->index == NULL || h->sizes == 0)
        return h->n_records * h->record_size;
    for (uint64_t i = 0; i < h->n_records; i++) {
        const uint8_t *sizes = dp_snapshot_sizes(f, i);
        size += dp_sizes_are_known(h, sizes) ? dp_record_layout(h, sizes, &room)->size : 0;
    }
    return size;
}

/* ---- blocks ---- */

const dp_file *dp_snapshot_file_of(const dp_snapshot_file *f, const dp_block *b, uint64_t *begin,
                                   uint64_t *end)
{
    const dp_snapshot_header *h = &f->header;
    const dp_file *file = &f->main;

    if (h->n_shards > 0)
        file = &f->shards[b->number / h->shard_blocks];
    *begin = h->n_shards > 0 ? 0 : h->size;
    *end = h->n_shards > 0 || !f->complete ? file->size : f->footer.index;
    return file;
}

bool dp_block_begins_file(const dp_snapshot_header *h, const dp_block *b)
{
    return b->number == 0 || (h->shard_blocks > 0 && b->number % h->shard_blocks == 0);
}

bool dp_block_ends_file(const dp_snapshot_header *h, const dp_block *b)
{
    return b->number + 1 == h->n_blocks ||
           (h->shard_blocks > 0 && (b->number + 1) % h->shard_blocks == 0);
}

size_t dp_snapshot_step(const dp_snapshot_file *f, const dp_block *b, uint64_t *at, uint8_t *head)
{
    uint64_t begin, end;
    const dp_file *file = dp_snapshot_file_of(f, b, &begin, &end);
    size_t got;

    if (dp_block_begins_file(&f->header, b))
        *at = begin;
    if (dp_file_read_at(file, *at, head, b->head, &got) != 0 || got != b->head)
        return 0;
    return dp_block_size(&f->header, b, head);
}

/* Without compression every block of rows of one shape but the last has one size. */
static void place_by_number(const dp_snapshot_file *f, const dp_block *b, uint64_t begin,
                            uint64_t *at, size_t *size)
{
    const uint64_t in_file =
        f->header.n_shards > 0 ? b->number % f->header.shard_blocks : b->number;

    *at = begin + in_file * dp_block_most(&f->header);
    *size = b->head + b->raw;
}

/* The places of a block and, if there is one in its file, of the next. */
static dp_status read_places(const dp_snapshot_file *f, const dp_block *b, bool next,
                             uint8_t places[16], dp_error *err)
{
    const uint64_t at = f->footer.index + 8 * b->number + f->header.sizes * b->first;
    const bool both = next && b->entry == 8; /* side by side */
    dp_status status;

    if (f->index != NULL) {
        const uint8_t *entry = f->index + (at - f->footer.index);
        memcpy(places, entry, 8);
        if (next)
            memcpy(places + 8, entry + b->entry, 8);
        return DP_OK;
    }
    status = read_all(&f->main, at, places, both ? 16 : 8, f->path, "index", err);
    if (status == DP_OK && next && !both)
        status = read_all(&f->main, at + b->entry, places + 8, 8, f->path, "index", err);
    return status;
}

static dp_status place_by_index(const dp_snapshot_file *f, const dp_block *b, uint64_t begin,
                                uint64_t end, uint64_t *at, size_t *size, dp_error *err)
{
    const bool last = dp_block_ends_file(&f->header, b);
    const uint64_t least = b->head + (f->header.sizes == 0);
    uint8_t places[16];
    const dp_status status = read_places(f, b, !last, places, err);

    if (status != DP_OK)
        return status;
    *at = dp_load_le(places, 8);
    if (f->header.n_shards == 0)
        end = f->footer.index;
    if (!last)
        end = dp_load_le(places + 8, 8);
    if (*at < begin || end < *at || end - *at < least || end - *at > b->head + b->raw)
        return dp_fail(err, DP_ECORRUPT, "%.120s: the index is damaged at block %llu", f->path,
                       (unsigned long long)b->number);
    *size = (size_t)(end - *at);
    return DP_OK;
}

dp_status dp_snapshot_place(const dp_snapshot_file *f, const dp_block *b, uint64_t *at,
                            size_t *size, dp_error *err)
{
    uint64_t begin, end;

    dp_snapshot_file_of(f, b, &begin, &end);
    if (has_places(&f->header))
        return place_by_index(f, b, begin, end, at, size, err);
    place_by_number(f, b, begin, at, size);
    if (*at > end || *size > end - *at)
        return dp_fail(err, DP_ECORRUPT, "%.120s ends before block %llu", f->path,
                       (unsigned long long)b->number);
    return DP_OK;
}

static dp_status block_failed(const dp_snapshot_file *f, const dp_block *b, uint64_t at,
                              dp_status status, const char *why, dp_error *err)
{
    return dp_fail(err, status, "%.100s: block %llu (records %llu to %llu) at byte %llu: %s",
                   f->path, (unsigned long long)b->number, (unsigned long long)b->first,
                   (unsigned long long)(b->first + b->n - 1), (unsigned long long)at, why);
}

/* What the block's own head does not show: that these are other bytes than those meant. */
static const char *find_other(const dp_snapshot_file *f, const dp_block *b, const dp_fetch *begun,
                              const uint8_t *bytes, size_t size)
{
    const bool summed = begun != NULL && begun->summed;

    if (f->seal != NULL &&
        (summed ? dp_seal_has(f, b, begun->digest) : dp_seal_holds(f, b, bytes, size)))
        return NULL;
    if (f->thorough && !dp_block_is_stored(b, bytes))
        return "its stored bytes are not those that were written";
    return f->seal == NULL ? NULL : "it is another than digest= says";
}

/* Whether another thread may ask for its bytes: nothing has to be read for its place. */
static bool is_placed(const dp_snapshot_file *f)
{
    return f->main.far != NULL && (!has_places(&f->header) || f->index != NULL);
}

bool dp_snapshot_begin(const dp_snapshot_file *f, const dp_block *b, uint8_t *bytes,
                       dp_fetch *fetch)
{
    uint64_t begin, end, at;
    size_t size;

    if (!is_placed(f) || dp_snapshot_place(f, b, &at, &size, NULL) != DP_OK)
        return false;
    *fetch = (dp_fetch){
        .far = dp_snapshot_file_of(f, b, &begin, &end)->far, .at = at, .n = size, .out = bytes};
    dp_fetch_start(fetch);
    return true;
}

/* The bytes of a block, of which as many come as there are. */
static int take_bytes(const dp_snapshot_file *f, const dp_block *b, dp_fetch *begun, uint64_t at,
                      uint8_t *bytes, size_t size, size_t *got)
{
    uint64_t begin, end;
    int error;

    if (begun == NULL)
        return dp_fetch_past(dp_snapshot_file_of(f, b, &begin, &end), at, bytes, size, got);
    error = dp_fetch_wait(begun);
    *got = begun->got;
    return error;
}

dp_status dp_snapshot_load(const dp_snapshot_file *f, const dp_block *b, dp_fetch *begun,
                           const dp_block_place *to, dp_error *err)
{
    uint64_t at = 0;
    size_t size = 0, got;
    const char *why;
    int error;
    const dp_status status = dp_snapshot_place(f, b, &at, &size, err);

    if (status != DP_OK)
        return status;
    error = take_bytes(f, b, begun, at, to->bytes, size, &got);
    if (error != 0)
        why = dp_file_why(&f->main, error);
    else if (got < size)
        why = "the file ends in it";
    else
        why = dp_block_open(&f->header, b, to->bytes, size, to->room, to->view);
    if (why == NULL)
        why = find_other(f, b, begun, to->bytes, size);
    if (why == NULL) /* what was unpacked is yet to be checked */
        to->view->known =
            (f->seal != NULL || f->thorough) && to->view->records == to->bytes + b->head;
    return why == NULL ? DP_OK
                       : block_failed(f, b, at, error != 0 ? DP_EIO : DP_ECORRUPT, why, err);
}

/* ---- every byte of a block ---- */

dp_status dp_block_buffers_open(dp_block_buffers *b, const dp_snapshot_header *h, dp_arena *arena,
                                dp_error *err)
{
    const size_t entry = dp_block_of(h, 0).entry;

    b->bytes = dp_arena_alloc(arena, dp_block_most(h) + 1, 1);
    b->room = dp_arena_alloc(arena, dp_block_room(h) + 1, 1);
    b->rows.records = dp_arena_alloc(arena, dp_block_most_raw(h) + 1, 1);
    b->rows.sizes = dp_arena_alloc(arena, entry, 1);
    b->entry = dp_arena_alloc(arena, entry, 1);
    return b->bytes == NULL || b->room == NULL || b->rows.records == NULL ||
                   b->rows.sizes == NULL || b->entry == NULL
               ? dp_arena_fail(arena, err, "a block")
               : DP_OK;
}

static const char *read_part(const dp_file *file, uint64_t at, uint64_t end, uint8_t *out, size_t n)
{
    size_t got;
    int error;

    if (at > end || n > end - at)
        return "the file ends in it";
    error = dp_file_read_at(file, at, out, n, &got);
    if (error != 0)
        return dp_file_why(file, error);
    return got < n ? "the file ends in it" : NULL;
}

static const char *check_records(const dp_snapshot_header *h, const dp_block *b,
                                 const dp_records_view *view, const dp_block_rows *rows)
{
    uint8_t *record = rows->records;

    memcpy(rows->sizes, view->sizes, b->entry - 8);
    for (uint32_t i = 0; i < b->n; i++) {
        void *columns[DP_MAX_COLUMNS];
        dp_layout room;
        const dp_layout *l = dp_record_layout(h, view->sizes + i * (size_t)h->sizes, &room);
        for (uint32_t c = 0; c < h->n_columns; c++)
            columns[c] = record + l->offset[c];
        if (!dp_block_record(h, view, i, columns))
            return "a record is damaged";
        record += l->size;
    }
    return NULL;
}

const char *dp_block_examine(const dp_snapshot_header *h, const dp_block *b, const dp_file *file,
                             uint64_t at, uint64_t end, const dp_block_buffers *buffers,
                             size_t *size)
{
    const char *why = read_part(file, at, end, buffers->bytes, b->head);
    dp_records_view view;

    *size = why == NULL ? dp_block_size(h, b, buffers->bytes) : 0;
    if (why == NULL && *size == 0)
        why = "its head is damaged";
    if (why == NULL)
        why = read_part(file, at + b->head, end, buffers->bytes + b->head, *size - b->head);
    if (why == NULL)
        why = dp_block_open(h, b, buffers->bytes, *size, buffers->room, &view);
    if (why == NULL)
        why = check_records(h, b, &view, &buffers->rows);
    if (why == NULL && !dp_block_is_stored(b, buffers->bytes))
        why = "its stored bytes are not those that were written";
    return why;
}

dp_status dp_snapshot_examine(const dp_snapshot_file *f, const dp_block *b, const dp_file *file,
                              const dp_block_buffers *buffers, size_t *size, dp_error *err)
{
    uint64_t at = 0;
    size_t placed = 0;
    const char *why;
    const dp_status status = dp_snapshot_place(f, b, &at, &placed, err);

    if (status != DP_OK)
        return status;
    why = dp_block_examine(&f->header, b, file, at, at + placed, buffers, size);
    if (why == NULL && *size != placed)
        why = "it has another size than the index says";
    if (why == NULL && !dp_seal_holds(f, b, buffers->bytes, *size))
        why = "it is another than its seal says";
    return why == NULL ? DP_OK : block_failed(f, b, at, DP_ECORRUPT, why, err);
}

/* ---- the records as a data set ---- */

void dp_content_start(dp_hash *hash, const dp_snapshot_header *h)
{
    dp_identity_start(hash, h->n_records, h->columns, h->n_columns, 0);
}

void dp_content_add(dp_hash *hash, const dp_snapshot_header *h, const dp_block_rows *rows,
                    uint32_t n)
{
    const uint8_t *record = rows->records, *sizes = rows->sizes;

    for (uint32_t i = 0; i < n; i++, sizes += h->sizes) {
        for (uint32_t c = 0; c < h->n_columns; c++) {
            const dp_tensor type = dp_record_type(h, c, sizes);
            const size_t bytes = dp_tensor_bytes(&type);
            dp_hash_type(hash, &type);
            dp_hash_bytes(hash, record, bytes);
            record += bytes;
        }
    }
}
