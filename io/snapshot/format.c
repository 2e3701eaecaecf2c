/* format.c - what a snapshot says of itself (docs/snapshot.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/snapshot/format.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/tensor.h"
#include "io/source.h"

static const uint8_t complete[8] = {'c', 'o', 'm', 'p', 'l', 'e', 't', 'e'};

const char *const dp_compressions[DP_N_COMPRESSIONS] = {"none", "lz4", "lz4hc"};

/* Places in the header. */
enum {
    VERSION = 8,
    SIZE = 12,
    FINGERPRINT = 16,
    IDENTITY = 32,
    SEED = 48,
    RECORDS = 56,
    BATCHES = 64,
    BATCH_SIZE = 72,
    BLOCK_RECORDS = 80,
    SHARD_BLOCKS = 84,
    RUNS = 88,
    SPEC = 92,
    COMPRESSION = 96,
    FILTER = 97,
    COLUMNS = 98,
    ZERO = 99
};

/* Places in the footer. */
enum { INDEX = 8, BLOCKS = 16, CONTENT = 24, KEY = 40, INDEX_CHECK = 48, CHECK = 56 };

/* ---- what follows from the fields ---- */

/* The column behind those before. */
static void add_column(dp_layout *layout, uint32_t column, const dp_tensor *type)
{
    layout->offset[column] = layout->size;
    layout->bytes[column] = dp_tensor_bytes(type);
    layout->size += layout->bytes[column];
}

void dp_snapshot_measure(dp_snapshot_header *h)
{
    h->layout = (dp_layout){.size = 0};
    h->sizes = 0;
    for (uint32_t c = 0; c < h->n_columns; c++) {
        add_column(&h->layout, c, &h->columns[c].type);
        if (h->least[c] != NULL)
            h->sizes += 4 * (uint32_t)h->columns[c].type.rank;
    }
    h->record_size = h->layout.size;
}

void dp_sizes_print(const dp_snapshot_header *h, const dp_tensor types[DP_MAX_COLUMNS],
                    uint8_t *sizes)
{
    for (uint32_t c = 0; c < h->n_columns; c++) {
        for (int32_t d = 0; h->least[c] != NULL && d < types[c].rank; d++, sizes += 4)
            dp_store_le(sizes, 4, (uint64_t)types[c].shape[d]);
    }
}

bool dp_sizes_are_known(const dp_snapshot_header *h, const uint8_t *sizes)
{
    for (uint32_t c = 0; c < h->n_columns; c++) {
        const dp_tensor *most = &h->columns[c].type;
        for (int32_t d = 0; h->least[c] != NULL && d < most->rank; d++, sizes += 4) {
            const int64_t size = (int64_t)dp_load_le(sizes, 4);
            if (size < h->least[c][d] || size > most->shape[d])
                return false;
        }
    }
    return true;
}

dp_tensor dp_own_type(const dp_snapshot_header *h, uint32_t column, const uint8_t *sizes)
{
    dp_tensor t = h->columns[column].type;

    for (uint32_t c = 0; c < column; c++)
        sizes += h->least[c] != NULL ? 4 * (size_t)h->columns[c].type.rank : 0;
    for (int32_t d = 0; d < t.rank; d++)
        t.shape[d] = (int64_t)dp_load_le(sizes + 4 * (size_t)d, 4);
    return t;
}

void dp_own_layout(const dp_snapshot_header *h, const uint8_t *sizes, dp_layout *out)
{
    out->size = 0;
    for (uint32_t c = 0; c < h->n_columns; c++) {
        const dp_tensor type = dp_record_type(h, c, sizes);
        add_column(out, c, &type);
    }
}

uint64_t dp_snapshot_index_size(const dp_snapshot_header *h)
{
    return 8 * h->n_blocks + h->sizes * h->n_records;
}

dp_status dp_snapshot_settle(dp_snapshot_header *h, dp_error *err)
{
    if (h->record_size == 0 || h->record_size > DP_SNAPSHOT_MAX_BLOCK)
        return dp_fail(err, DP_ELIMIT, "a snapshot's records have 1 to 2^30 bytes: not %llu",
                       (unsigned long long)h->record_size);
    for (uint32_t c = 0; c < h->n_columns; c++) {
        for (int32_t d = 0; h->least[c] != NULL && d < h->columns[c].type.rank; d++) {
            if (h->columns[c].type.shape[d] > DP_SNAPSHOT_MAX_SIZE)
                return dp_fail(err, DP_ELIMIT, "a size that differs is at most 2^32 - 1");
        }
    }
    if (h->n_records > DP_SNAPSHOT_MAX_RECORDS)
        return dp_fail(err, DP_ELIMIT, "a snapshot has at most 2^48 records");
    if (h->block_records == 0 || h->block_records > DP_SNAPSHOT_BLOCK_RECORDS ||
        h->block_records > DP_SNAPSHOT_MAX_BLOCK / h->record_size)
        return dp_fail(err, DP_ELIMIT, "a snapshot's blocks have at most 2^20 records, 2^30 bytes");
    h->n_blocks = h->n_records / h->block_records + (h->n_records % h->block_records != 0);
    h->n_shards = 0;
    if (h->shard_blocks == 0)
        return DP_OK;
    if (h->n_blocks > (uint64_t)h->shard_blocks * DP_SNAPSHOT_MAX_SHARDS)
        return dp_fail(err, DP_ELIMIT, "a snapshot has at most %d shards: make them larger",
                       DP_SNAPSHOT_MAX_SHARDS);
    h->n_shards = (uint32_t)((h->n_blocks + h->shard_blocks - 1) / h->shard_blocks);
    return DP_OK;
}

/* ---- writing ---- */

/* Bits of a column's fourth byte. */
enum { VARIES = 1, PICTURES = 2 };

static size_t column_size(const dp_snapshot_header *h, uint32_t column)
{
    const dp_column *c = &h->columns[column];
    const size_t shape = 8 * (size_t)c->type.rank;

    return 12 + shape + (h->least[column] != NULL ? shape : 0) +
           (h->pictures[column] != NULL ? 48 : 0) + strlen(c->name);
}

static uint8_t *print_sizes(uint8_t *at, const int64_t *sizes, int32_t n)
{
    for (int32_t d = 0; sizes != NULL && d < n; d++, at += 8)
        dp_store_le(at, 8, (uint64_t)sizes[d]);
    return at;
}

static uint8_t *print_column(uint8_t *at, const dp_snapshot_header *h, uint32_t column)
{
    const dp_column *c = &h->columns[column];
    const dp_pictures *pictures = h->pictures[column];
    const size_t length = strlen(c->name);

    at[0] = (uint8_t)c->type.dtype;
    at[1] = (uint8_t)c->type.rank;
    at[2] = (uint8_t)length;
    at[3] = (uint8_t)((h->least[column] != NULL ? VARIES : 0) | (pictures != NULL ? PICTURES : 0));
    dp_store_le(at + 4, 8, c->limit);
    at = print_sizes(at + 12, c->type.shape, c->type.rank);
    at = print_sizes(at, h->least[column], c->type.rank);
    if (pictures != NULL)
        at = print_sizes(print_sizes(at, pictures->most, 3), pictures->least, 3);
    memcpy(at, c->name, length);
    return at + length;
}

static uint32_t version_of(const dp_snapshot_header *h)
{
    for (uint32_t c = 0; c < h->n_columns; c++) {
        if (h->least[c] != NULL || h->pictures[c] != NULL)
            return DP_SNAPSHOT_VARIES;
    }
    return DP_SNAPSHOT_VERSION;
}

static void print_fixed(const dp_snapshot_header *h, uint8_t *b)
{
    memcpy(b, DP_SNAPSHOT_MAGIC, 8);
    dp_store_le(b + VERSION, 4, version_of(h));
    dp_store_le(b + SIZE, 4, h->size);
    memcpy(b + FINGERPRINT, h->origin.fingerprint, 16);
    memcpy(b + IDENTITY, h->origin.identity, 16);
    dp_store_le(b + SEED, 8, h->origin.seed);
    dp_store_le(b + RECORDS, 8, h->n_records);
    dp_store_le(b + BATCHES, 8, h->groups.n_batches);
    dp_store_le(b + BATCH_SIZE, 8, h->groups.batch_size);
    dp_store_le(b + BLOCK_RECORDS, 4, h->block_records);
    dp_store_le(b + SHARD_BLOCKS, 4, h->shard_blocks);
    dp_store_le(b + RUNS, 4, h->groups.n);
    dp_store_le(b + SPEC, 4, strlen(h->spec));
    b[COMPRESSION] = h->compression;
    b[FILTER] = h->shuffle;
    b[COLUMNS] = (uint8_t)h->n_columns;
}

dp_status dp_snapshot_print(dp_snapshot_header *h, dp_arena *arena, uint8_t **out, dp_error *err)
{
    const size_t length = strlen(h->spec);
    size_t size = DP_SNAPSHOT_FIXED + 16 * (size_t)h->groups.n + length + 8;
    uint8_t *at;

    for (uint32_t c = 0; c < h->n_columns; c++)
        size += column_size(h, c);
    *out = dp_arena_alloc(arena, size, 1);
    if (*out == NULL)
        return dp_arena_fail(arena, err, "the header of a snapshot");
    h->size = (uint32_t)size;
    print_fixed(h, *out);
    at = *out + DP_SNAPSHOT_FIXED;
    for (uint32_t c = 0; c < h->n_columns; c++)
        at = print_column(at, h, c);
    for (uint32_t r = 0; r < h->groups.n; r++, at += 16) {
        dp_store_le(at, 8, h->groups.runs[r].batches);
        dp_store_le(at + 8, 8, h->groups.runs[r].rows);
    }
    memcpy(at, h->spec, length);
    h->key = dp_hash64(*out, size - 8);
    dp_store_le(at + length, 8, h->key);
    return DP_OK;
}

void dp_snapshot_print_footer(const dp_snapshot_header *h, const dp_snapshot_footer *footer,
                              uint8_t out[DP_SNAPSHOT_FOOTER])
{
    memcpy(out, complete, sizeof complete);
    dp_store_le(out + INDEX, 8, footer->index);
    dp_store_le(out + BLOCKS, 8, h->n_blocks);
    memcpy(out + CONTENT, footer->content, 16);
    dp_store_le(out + KEY, 8, h->key);
    dp_store_le(out + INDEX_CHECK, 8, footer->index_check);
    dp_store_le(out + CHECK, 8, dp_hash64(out, CHECK));
}

/* ---- reading ---- */

uint32_t dp_snapshot_header_size(const uint8_t *b)
{
    const uint64_t size = dp_load_le(b + SIZE, 4);

    if (memcmp(b, DP_SNAPSHOT_MAGIC, 8) != 0 || size < DP_SNAPSHOT_FIXED + 8 ||
        size > DP_SNAPSHOT_MAX_HEADER)
        return 0;
    return (uint32_t)size;
}

/* What is left of the header's bytes. */
typedef struct cursor {
    const uint8_t *at;
    size_t left;
} cursor;

static const uint8_t *take(cursor *c, size_t n)
{
    const uint8_t *at = c->at;

    if (n > c->left)
        return NULL;
    c->at += n;
    c->left -= n;
    return at;
}

static bool take_sizes(cursor *c, int32_t n, int64_t *sizes)
{
    const uint8_t *b = take(c, 8 * (size_t)n);

    for (int32_t d = 0; b != NULL && d < n; d++)
        sizes[d] = (int64_t)dp_load_le(b + 8 * d, 8);
    return b != NULL;
}

/* Whether each size has at least `from`, and no less than it has at most. */
static bool are_bounds(const int64_t *least, const int64_t *most, int32_t n, int64_t from)
{
    for (int32_t d = 0; d < n; d++) {
        if (least[d] < from || least[d] > most[d])
            return false;
    }
    return true;
}

/* Its least sizes, of which one has to be less than the most. */
static bool parse_least(cursor *c, const dp_tensor *type, dp_arena *arena, const int64_t **out,
                        dp_error *err)
{
    const size_t bytes = (size_t)type->rank * sizeof type->shape[0];
    int64_t *least = dp_arena_alloc(arena, DP_MAX_RANK, sizeof *least);

    *out = least;
    if (least == NULL)
        return dp_arena_fail(arena, err, "a column") == DP_OK;
    return take_sizes(c, type->rank, least) && are_bounds(least, type->shape, type->rank, 0) &&
           memcmp(least, type->shape, bytes) != 0;
}

/* The pictures whose files are the rows of a column of bytes. */
static bool parse_pictures(cursor *c, const dp_tensor *type, dp_arena *arena,
                           const dp_pictures **out, dp_error *err)
{
    dp_pictures *p = dp_arena_alloc(arena, 1, sizeof *p);
    dp_tensor picture = {.dtype = DP_U8, .rank = 3};

    *out = p;
    if (p == NULL)
        return dp_arena_fail(arena, err, "a column") == DP_OK;
    if (!take_sizes(c, 3, p->most) || !take_sizes(c, 3, p->least))
        return false;
    memcpy(picture.shape, p->most, sizeof p->most);
    return type->dtype == DP_U8 && type->rank == 1 && are_bounds(p->least, p->most, 3, 1) &&
           dp_tensor_fits(&picture) && dp_tensor_bytes(&picture) <= DP_MAX_SAMPLE_SIZE;
}

static bool parse_column(cursor *c, dp_arena *arena, dp_source *columns, dp_error *err)
{
    const uint32_t i = columns->n_columns;
    const uint8_t *b = take(c, 12), *name;
    dp_tensor type = {0};

    if (b == NULL || i == DP_MAX_COLUMNS || dp_dtype_size((dp_dtype)b[0]) == 0 ||
        b[1] >= DP_MAX_RANK || b[3] > (VARIES | PICTURES))
        return false;
    type.dtype = (dp_dtype)b[0];
    type.rank = b[1];
    if (!take_sizes(c, type.rank, type.shape) ||
        ((b[3] & VARIES) != 0 && !parse_least(c, &type, arena, &columns->least[i], err)) ||
        ((b[3] & PICTURES) != 0 && !parse_pictures(c, &type, arena, &columns->pictures[i], err)))
        return false;
    name = take(c, b[2]);
    if (name == NULL ||
        dp_source_add(columns, (const char *)name, b[2], &type, arena, err) != DP_OK)
        return false;
    columns->columns[i].limit = dp_load_le(b + 4, 8);
    return !dp_dtype_is_float(type.dtype) || dp_load_le(b + 4, 8) == 0;
}

static bool parse_runs(cursor *c, uint32_t n, dp_arena *arena, dp_snapshot_header *h, dp_error *err)
{
    for (uint32_t r = 0; r < n; r++) {
        const uint8_t *b = take(c, 16);
        if (b == NULL || dp_load_le(b + 8, 8) > h->groups.batch_size ||
            dp_groups_add(&h->groups, dp_load_le(b, 8), dp_load_le(b + 8, 8), arena, err) != DP_OK)
            return false;
    }
    return h->groups.n == n;
}

static bool parse_variable(cursor *c, const uint8_t *b, dp_arena *arena, dp_snapshot_header *h,
                           dp_error *err)
{
    const size_t length = (size_t)dp_load_le(b + SPEC, 4);
    dp_source columns = {0};
    const uint8_t *spec;

    for (uint32_t i = 0; i < b[COLUMNS]; i++) {
        if (!parse_column(c, arena, &columns, err))
            return false;
    }
    h->n_columns = columns.n_columns;
    memcpy(h->columns, columns.columns, sizeof h->columns);
    memcpy(h->least, columns.least, sizeof h->least);
    memcpy(h->pictures, columns.pictures, sizeof h->pictures);
    dp_snapshot_measure(h);
    if (!parse_runs(c, (uint32_t)dp_load_le(b + RUNS, 4), arena, h, err))
        return false;
    spec = take(c, length);
    if (spec == NULL || c->left != 0)
        return false;
    h->spec = dp_arena_text(arena, (const char *)spec, length);
    if (h->spec == NULL)
        return dp_arena_fail(arena, err, "the header of a snapshot") == DP_OK;
    return dp_utf8_is_printable((const char *)spec, length);
}

/* Batches and records must be the same rows. */
static bool is_consistent(const dp_snapshot_header *h, const uint8_t *b)
{
    static const uint8_t zero[DP_SNAPSHOT_FIXED - ZERO] = {0};

    return version_of(h) == dp_load_le(b + VERSION, 4) &&
           h->groups.n_batches == dp_load_le(b + BATCHES, 8) &&
           (h->sizes == 0 || h->groups.batch_size == 0) &&
           (h->groups.batch_size == 0 ? h->groups.n == 0 : h->groups.n_rows == h->n_records) &&
           h->compression < DP_N_COMPRESSIONS && b[FILTER] <= 1 &&
           memcmp(b + ZERO, zero, sizeof zero) == 0;
}

dp_status dp_snapshot_parse(const uint8_t *b, uint32_t size, const char *path, dp_arena *arena,
                            dp_snapshot_header *out, dp_error *err)
{
    dp_snapshot_header h = {.size = size, .key = dp_load_le(b + size - 8, 8)};
    cursor c = {b + DP_SNAPSHOT_FIXED, size - DP_SNAPSHOT_FIXED - 8};
    dp_error why = {.message = "it contradicts itself"};

    if (h.key != dp_hash64(b, size - 8))
        return dp_fail(err, DP_ECORRUPT, "%.120s: the header is damaged", path);
    if (dp_load_le(b + VERSION, 4) > DP_SNAPSHOT_VARIES)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is of format version %llu: this library reads 1 and %d", path,
                       (unsigned long long)dp_load_le(b + VERSION, 4), DP_SNAPSHOT_VARIES);
    memcpy(h.origin.fingerprint, b + FINGERPRINT, 16);
    memcpy(h.origin.identity, b + IDENTITY, 16);
    h.origin.seed = dp_load_le(b + SEED, 8);
    h.n_records = dp_load_le(b + RECORDS, 8);
    h.groups.batch_size = dp_load_le(b + BATCH_SIZE, 8);
    h.block_records = (uint32_t)dp_load_le(b + BLOCK_RECORDS, 4);
    h.shard_blocks = (uint32_t)dp_load_le(b + SHARD_BLOCKS, 4);
    h.compression = b[COMPRESSION];
    h.shuffle = b[FILTER] == 1;
    if (h.groups.batch_size > INT32_MAX || !parse_variable(&c, b, arena, &h, &why) ||
        !is_consistent(&h, b) || dp_snapshot_settle(&h, &why) != DP_OK) {
        if (why.status == DP_ENOMEM || arena->over)
            return dp_arena_fail(arena, err, "the header of a snapshot");
        return dp_fail(err, DP_ECORRUPT, "%.80s: the header is wrong: %.120s", path, why.message);
    }
    *out = h;
    return DP_OK;
}

bool dp_snapshot_parse_footer(const dp_snapshot_header *h, const uint8_t b[DP_SNAPSHOT_FOOTER],
                              dp_snapshot_footer *out)
{
    if (memcmp(b, complete, sizeof complete) != 0 ||
        dp_load_le(b + CHECK, 8) != dp_hash64(b, CHECK) ||
        dp_load_le(b + BLOCKS, 8) != h->n_blocks || dp_load_le(b + KEY, 8) != h->key)
        return false;
    out->index = dp_load_le(b + INDEX, 8);
    out->index_check = dp_load_le(b + INDEX_CHECK, 8);
    memcpy(out->content, b + CONTENT, 16);
    return true;
}

char *dp_snapshot_shard_path(const dp_snapshot_header *h, const char *path, uint32_t shard,
                             dp_arena *arena)
{
    const size_t size = strlen(path) + 32;
    char *out = dp_arena_alloc(arena, size, 1);

    if (out != NULL && h->n_shards == 0)
        snprintf(out, size, "%s", path);
    else if (out != NULL)
        snprintf(out, size, "%s.%016llx.%05u", path, (unsigned long long)h->key, shard);
    return out;
}
