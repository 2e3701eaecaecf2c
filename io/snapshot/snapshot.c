/* snapshot.c - a stream that was written to a file, read back (docs/snapshot.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/options.h"
#include "base/tensor.h"
#include "io/remote/blocks.h"
#include "io/snapshot/copies.h"
#include "io/source.h"

enum { STOP, SKIP };

typedef struct snapshot {
    const char *file;
    bool batched;
    int32_t on_error;
    const char *mirrors, *digest;
} snapshot;

static const dp_param params[] = {
    DP_TEXT(snapshot, file, NULL, "the snapshot"),
    DP_BOOLEAN(snapshot, batched, "false", "the batches that were written, not their rows"),
    DP_CHOICE(snapshot, on_error, "stop", "stop,skip",
              "skip: read everything at open and leave damaged rows out"),
    DP_LATER_TEXT(snapshot, mirrors, "", "where else it lies, joined by commas: asked in turn"),
    DP_LATER_TEXT(snapshot, digest, "",
                  "of `detpipe snapshot seal`: each block is held against it"),
    DP_PARAMS_END,
};

/* Damaged records in a row that are left out. */
typedef struct gap {
    uint64_t first, n;
    uint64_t before; /* records that are not left out, before it */
} gap;

typedef struct state {
    dp_copies copies;
    const dp_snapshot_file *file; /* the first of them */
    dp_block_cache *cache;
    size_t room; /* place of the unpacked records in a slot */
    gap *gaps;
    size_t n_gaps, gap_room;
    uint64_t n_left_out;
    bool limited[DP_MAX_COLUMNS]; /* columns whose values have to be looked at */
} state;

/* ---- blocks in memory ---- */

#define ROUND_UP(n) (((n) + 63) / 64 * 64)
#define VIEW        ROUND_UP(sizeof(dp_records_view))

static dp_block block_of(const state *s, uint64_t number)
{
    return dp_block_of(&s->file->header, number);
}

static dp_status load_block(const void *ctx, uint64_t number, dp_block_slot *slot, dp_error *err)
{
    const state *s = ctx;
    const dp_block block = block_of(s, number);
    uint8_t *bytes = slot->memory;
    const dp_block_place place = {bytes + VIEW, bytes + s->room, slot->memory};

    return dp_copies_load(&s->copies, &block, slot->begun ? &slot->fetch : NULL, &place, err);
}

static bool is_far(const void *ctx, uint64_t number)
{
    const state *s = ctx;
    const dp_block block = block_of(s, number);

    return dp_copies_are_far(&s->copies, &block);
}

static bool begin_block(const void *ctx, uint64_t number, dp_block_slot *slot)
{
    const state *s = ctx;
    const dp_block block = block_of(s, number);

    return dp_copies_begin(&s->copies, &block, (uint8_t *)slot->memory + VIEW, &slot->fetch);
}

#define FAR_BYTES  ((uint64_t)64 << 20)
#define FAR_BLOCKS 16384

/* A block a thread, so that one thread stays in its cache; of far blocks those of a window that a
 * shuffle mixes, since each costs a transfer.  Fewer where half of the memory is less. */
static dp_status open_cache(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    const dp_snapshot_header *h = &s->file->header;
    size_t size;
    uint64_t n = options->threads, far;

    s->room = VIEW + ROUND_UP(dp_block_most(h));
    size = s->room + ROUND_UP(dp_block_room(h));
    far = FAR_BYTES / size < FAR_BLOCKS ? FAR_BYTES / size : FAR_BLOCKS;
    if (s->file->main.far != NULL && n < far)
        n = far;
    if (n > h->n_blocks)
        n = h->n_blocks;
    if (options->memory != 0 && n > options->memory / 2 / size)
        n = options->memory / 2 / size;
    const dp_block_loader loader = {s, is_far, begin_block, load_block, s->file->seal != NULL};
    return dp_block_cache_open(&s->cache, &loader, n > 0 ? (uint32_t)n : 1, size, options->threads,
                               arena, err);
}

/* ---- records ---- */

static bool is_below(const dp_tensor *t, uint64_t limit)
{
    const uint64_t n = dp_tensor_count(t);

    for (uint64_t i = 0; i < n; i++) {
        if ((uint64_t)dp_load_int(t->data, t->dtype, i) >= limit)
            return false;
    }
    return true;
}

/* Whether the type itself keeps the limit. */
static bool is_free(const dp_column *c)
{
    const size_t bits = 8 * dp_dtype_size(c->type.dtype);

    return c->limit == 0 || (bits < 32 && c->limit >> bits != 0 && c->type.dtype != DP_I8 &&
                             c->type.dtype != DP_I16);
}

/* Into this machine's byte order; whether all values are below their limits, as one_hot needs. */
static bool take_columns(const state *s, const uint8_t *sizes, void *const columns[])
{
    const dp_snapshot_header *h = &s->file->header;

    for (uint32_t c = 0; c < h->n_columns; c++) {
        dp_tensor t = dp_record_type(h, c, sizes);
        t.data = columns[c];
        dp_tensor_load(&t);
        if (s->limited[c] && !is_below(&t, h->columns[c].limit))
            return false;
    }
    return true;
}

/* The sizes that were told at open. */
static const uint8_t *sizes_of(const state *s, uint64_t record)
{
    return s->file->header.sizes != 0 ? dp_snapshot_sizes(s->file, record) : NULL;
}

/* The record number i of a block, or what is wrong with it. */
static const char *take_record(const state *s, const dp_records_view *view, uint32_t i,
                               const uint8_t *sizes, void *const columns[])
{
    const dp_snapshot_header *h = &s->file->header;

    if (h->sizes != 0 && memcmp(view->sizes + i * (size_t)h->sizes, sizes, h->sizes) != 0)
        return "has another shape than the index says";
    return dp_block_record(h, view, i, columns) ? NULL : "is damaged";
}

static dp_status read_at(const state *s, uint64_t record, void *const columns[], dp_error *err)
{
    const dp_snapshot_header *h = &s->file->header;
    const uint32_t i = (uint32_t)(record % h->block_records);
    const uint8_t *sizes = sizes_of(s, record);
    dp_block_slot *slot;
    const char *why;
    dp_status status = dp_block_cache_get(s->cache, record / h->block_records, &slot, err);

    if (status != DP_OK) {
        if (err != NULL)
            err->record = (int64_t)record;
        return status;
    }
    why = take_record(s, slot->memory, i, sizes, columns);
    dp_block_cache_put(s->cache, slot);
    if (why == NULL && !take_columns(s, sizes, columns))
        why = "has a value past its column's limit";
    if (why == NULL)
        return DP_OK;
    return dp_fail_record(
        err, DP_ECORRUPT, record, "%.120s: record %llu (number %u of block %llu) %s", s->file->path,
        (unsigned long long)record, i, (unsigned long long)(record / h->block_records), why);
}

/* ---- records that are left out ---- */

static dp_status add_gap(state *s, uint64_t record, uint64_t n, dp_arena *arena, dp_error *err)
{
    gap *last = s->n_gaps > 0 ? &s->gaps[s->n_gaps - 1] : NULL, *more;
    const uint64_t before = record - s->n_left_out;

    s->n_left_out += n;
    if (last != NULL && last->first + last->n == record) {
        last->n += n;
        return DP_OK;
    }
    if (s->n_gaps == s->gap_room) {
        more = dp_arena_grow(arena, s->gaps, s->n_gaps, sizeof *more, &s->gap_room, 16);
        if (more == NULL)
            return dp_arena_fail(arena, err, "the damaged records");
        s->gaps = more;
    }
    s->gaps[s->n_gaps++] = (gap){record, n, before};
    return DP_OK;
}

/* A block that cannot be had is one gap, whatever number of records it has. */
static dp_status find_gaps_in(state *s, uint64_t number, void *const columns[], dp_arena *arena,
                              dp_error *err)
{
    const dp_block b = dp_block_of(&s->file->header, number);
    dp_block_slot *slot;
    dp_status status = dp_block_cache_get(s->cache, number, &slot, err);

    if (status == DP_ECORRUPT)
        return add_gap(s, b.first, b.n, arena, err);
    if (status != DP_OK)
        return status;
    dp_block_cache_put(s->cache, slot);
    for (uint64_t i = 0; i < b.n && status == DP_OK; i++) {
        status = read_at(s, b.first + i, columns, err);
        if (status == DP_ECORRUPT)
            status = add_gap(s, b.first + i, 1, arena, err);
    }
    return status;
}

static dp_status find_gaps(state *s, dp_source *out, const dp_options *options, dp_arena *arena,
                           dp_error *err)
{
    const uint64_t n = s->file->header.n_records;
    void *columns[DP_MAX_COLUMNS];
    dp_status status = dp_source_buffers(out, arena, columns, err);

    for (uint64_t b = 0; b < s->file->header.n_blocks && status == DP_OK; b++)
        status = find_gaps_in(s, b, columns, arena, err);
    out->n_records = n - s->n_left_out;
    if (status == DP_OK && s->n_left_out > 0)
        dp_log(options, "warning: %.120s: %llu of %llu records are damaged and left out",
               s->file->path, (unsigned long long)s->n_left_out, (unsigned long long)n);
    return status;
}

/* The record that is number `place` of those that are not left out. */
static uint64_t find_record(const state *s, uint64_t place)
{
    size_t low = 0, high = s->n_gaps; /* gaps before low are passed */

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (s->gaps[middle].before <= place)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return place;
    return s->gaps[low - 1].first + s->gaps[low - 1].n + (place - s->gaps[low - 1].before);
}

/* ---- the reader ---- */

static dp_status offer(const snapshot *p, state *s, dp_source *out, dp_error *err)
{
    const dp_snapshot_header *h = &s->file->header;
    const bool rows = h->groups.batch_size == 0;

    out->state = s;
    out->n_records = h->n_records;
    out->n_columns = h->n_columns;
    memcpy(out->columns, h->columns, sizeof out->columns);
    for (uint32_t c = 0; c < h->n_columns; c++)
        s->limited[c] = !is_free(&h->columns[c]);
    memcpy(out->least, h->least, sizeof out->least);
    memcpy(out->pictures, h->pictures, sizeof out->pictures);
    if (p->batched && rows)
        return dp_fail(err, DP_ESPEC, "%.120s holds rows, not batches: without batched",
                       s->file->path);
    if (p->batched && p->on_error == SKIP)
        return dp_fail(err, DP_ESPEC, "on_error=skip leaves out rows, not batches");
    out->groups = p->batched ? &h->groups : NULL;
    return DP_OK;
}

/* What the index says of all records must be within what the header says. */
static dp_status check_sizes(const state *s, dp_error *err)
{
    const dp_snapshot_header *h = &s->file->header;

    for (uint64_t i = 0; h->sizes != 0 && i < h->n_records; i++) {
        if (!dp_sizes_are_known(h, dp_snapshot_sizes(s->file, i)))
            return dp_fail_record(err, DP_ECORRUPT, i,
                                  "%.120s: the index says a shape of record %llu that is beyond "
                                  "what the header says",
                                  s->file->path, (unsigned long long)i);
    }
    return DP_OK;
}

static void close_source(void *state_)
{
    state *s = state_;

    dp_block_cache_close(s->cache);
    dp_copies_close(&s->copies);
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const snapshot *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    const dp_copy_names names = {p->file, p->mirrors, p->digest};
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "snapshot");
    status = dp_copies_open(&s->copies, &names, &out->opener, err);
    s->file = s->copies.files;
    if (status == DP_OK)
        status = check_sizes(s, err);
    if (status == DP_OK)
        status = offer(p, s, out, err);
    if (status == DP_OK)
        status = open_cache(s, options, arena, err);
    if (status == DP_OK && p->on_error == SKIP)
        status = find_gaps(s, out, options, arena, err);
    if (status == DP_OK && s->n_gaps == 0 && p->batched == (s->file->header.groups.batch_size != 0))
        out->origin = &s->file->header.origin;
    if (status != DP_OK)
        close_source(s);
    return status;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;

    return read_at(s, find_record(s, record), columns, err);
}

static bool ahead(const void *state_, uint64_t record, const dp_when *turn)
{
    const state *s = state_;

    return dp_block_cache_ahead(s->cache, find_record(s, record) / s->file->header.block_records,
                                turn);
}

static void shape_of(const void *state_, uint64_t record, uint32_t column, int64_t *shape)
{
    const state *s = state_;
    const dp_tensor type =
        dp_record_type(&s->file->header, column, sizes_of(s, find_record(s, record)));

    memcpy(shape, type.shape, (size_t)type.rank * sizeof *shape);
}

static void identity(const void *state_, uint8_t digest[16])
{
    const state *s = state_;
    dp_hash h;

    memcpy(digest, s->file->footer.content, 16);
    if (s->n_gaps == 0)
        return;
    dp_hash_init(&h);
    dp_hash_bytes(&h, digest, 16);
    for (size_t i = 0; i < s->n_gaps; i++) {
        dp_hash_u64(&h, s->gaps[i].first);
        dp_hash_u64(&h, s->gaps[i].n);
    }
    dp_hash_final(&h, digest);
}

static bool is_batched(const void *params_) { return ((const snapshot *)params_)->batched; }

const dp_reader dp_reader_snapshot = {
    .info = {"reader", "snapshot", "a stream that was written to a file", 1, sizeof(snapshot),
             params},
    .open = open_source,
    .read = read_record,
    .ahead = ahead,
    .shape = shape_of,
    .close = close_source,
    .batched = is_batched,
    .identity = identity,
};
