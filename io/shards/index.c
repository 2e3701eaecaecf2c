/* index.c - the indexes of a data set's shards in a file, beside the identities
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Of each shard, one after the other, all numbers little-endian: the magic, a key of 16 bytes, the
 * stamp of the shard, its records, what was left out, the fields, the pieces of a record; six
 * bounds of each field; place and size of each piece; XXH3-64 of all before.
 */
#include "io/shards/index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/writer.h"

#define MAGIC  "detpipe shards 1"
#define HEADER (16 + 16 + 5 * 8)
#define BOUNDS (6 * 8)
#define PIECE  (8 + 4)
#define WINDOW ((size_t)1 << 18) /* bytes of the file that are read at once */

/* Of what the index says: the format, its revision, the parts, the file's path. */
static void make_key(const dp_shards *s, const dp_shard_file *d, uint8_t key[16])
{
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_text(&h, s->format->info->name);
    dp_hash_u64(&h, s->format->info->revision);
    dp_hash_text(&h, d->path);
    for (uint32_t c = 0; c < s->fields.n; c++) {
        const dp_field *f = &s->fields.field[c];
        dp_hash_text(&h, f->part);
        dp_hash_u64(&h, f->kind);
        dp_hash_type(&h, &f->type);
    }
    dp_hash_final(&h, key);
}

/* What stands before the bounds. */
static void make_header(const dp_shards *s, const dp_shard_file *d, uint8_t out[HEADER])
{
    memcpy(out, MAGIC, 16);
    make_key(s, d, out + 16);
    dp_store_le(out + 32, 8, dp_shard_stamp(d));
    dp_store_le(out + 40, 8, d->n);
    dp_store_le(out + 48, 8, d->n_left_out);
    dp_store_le(out + 56, 8, s->fields.n);
    dp_store_le(out + 64, 8, s->n_pieces);
}

/* NULL when out of memory. */
static const char *path_of(const dp_options *options, const char *name, dp_arena *arena)
{
    const char *kept = dp_path_join(arena, options->root, options->identities);
    const size_t size = kept != NULL ? strlen(kept) + sizeof ".shards/" + 32 : 0;
    char *path = kept != NULL ? dp_arena_alloc(arena, size, 1) : NULL;

    if (path != NULL)
        snprintf(path, size, "%s.shards/%s", kept, name);
    return path;
}

/* Named after all its shards. */
static const char *file_of(const dp_shards *s, const dp_options *options, dp_arena *arena)
{
    uint8_t key[16];
    char name[33];
    dp_hash h;

    if (s->n == 1) {
        make_key(s, s->shards, key);
    } else {
        dp_hash_init(&h);
        for (size_t i = 0; i < s->n; i++) {
            make_key(s, &s->shards[i], key);
            dp_hash_bytes(&h, key, sizeof key);
        }
        dp_hash_final(&h, key);
    }
    dp_digest_text(key, name);
    return path_of(options, name, arena);
}

/* What is unpacked into memory is unpacked again, so it is looked at, too. */
static bool is_kept(const dp_shard_file *d) { return d->blob.bytes == NULL; }

/* ---- reading ---- */

dp_status dp_index_open(dp_index *x, const dp_shards *s, const dp_options *options, dp_arena *arena,
                        dp_error *err)
{
    *x = (dp_index){.shards = s, .arena = dp_arena_within(arena), .file.fd = -1};
    if (options->identities == NULL)
        return DP_OK;
    x->path = file_of(s, options, &x->arena);
    if (x->path == NULL)
        return dp_arena_fail(&x->arena, err, "a path");
    if (dp_file_open(x->path, &x->file, NULL) != DP_OK)
        x->file.fd = -1;
    return DP_OK;
}

void dp_index_close(dp_index *x)
{
    dp_file_close(&x->file);
    dp_arena_free(&x->arena);
}

/* Room for n bytes, and for more at a time as they become more. */
static bool make_room(dp_index *x, size_t n)
{
    size_t room = x->room > 0 ? x->room : WINDOW;

    while (room < n)
        room *= 2;
    if (room == x->room)
        return true;
    x->bytes = dp_arena_alloc_raw(&x->arena, room, 1);
    x->room = x->bytes != NULL ? room : 0;
    x->n = 0;
    return x->bytes != NULL;
}

/* n bytes of the file at a place; NULL when it ends before, or cannot be read. */
static const uint8_t *bytes_at(dp_index *x, uint64_t at, size_t n)
{
    if (at >= x->from && at - x->from <= x->n && n <= x->n - (at - x->from))
        return x->bytes + (at - x->from);
    if (x->file.fd < 0 || at > x->file.size || n > x->file.size - at || !make_room(x, n))
        return NULL;
    x->from = at;
    return dp_file_read_at(&x->file, at, x->bytes, x->room, &x->n) == 0 && x->n >= n ? x->bytes
                                                                                     : NULL;
}

/* The bytes of an entry with so many records; 0 = there is no room for them in a file. */
static size_t entry_size(const dp_shards *s, uint64_t n)
{
    const size_t before = HEADER + (size_t)s->fields.n * BOUNDS + 8;
    const size_t record = (size_t)s->n_pieces * PIECE;

    return n <= (SIZE_MAX / 2 - before) / record ? before + (size_t)n * record : 0;
}

/* The next entry, if it is the shard's, whatever the shard's stamp; NULL = it is not. */
static const uint8_t *next_entry(dp_index *x, const dp_shard_file *d, size_t *size)
{
    const uint8_t *header = bytes_at(x, x->at, HEADER);
    uint8_t key[16];

    make_key(x->shards, d, key);
    if (header == NULL || memcmp(header + 16, key, sizeof key) != 0)
        return NULL;
    *size = entry_size(x->shards, dp_load_le(header + 40, 8));
    return *size != 0 ? bytes_at(x, x->at, *size) : NULL;
}

/* The records that a whole entry says; false when it is none, or of the file as it was. */
static bool check(const dp_shards *s, const dp_shard_file *d, const uint8_t *bytes, size_t size,
                  dp_shard_file *out)
{
    uint8_t header[HEADER];

    *out = *d;
    out->n = dp_load_le(bytes + 40, 8);
    out->n_left_out = dp_load_le(bytes + 48, 8);
    make_header(s, out, header);
    return memcmp(bytes, header, HEADER) == 0 &&
           dp_load_le(bytes + size - 8, 8) == dp_hash64(bytes, size - 8);
}

/* Pieces are within the file, whoever wrote this. */
static bool take_pieces(const dp_shards *s, const uint8_t *bytes, dp_shard_file *d)
{
    for (size_t i = 0; i < (size_t)d->n * s->n_pieces; i++) {
        const uint64_t at = dp_load_le(bytes + i * PIECE, 8),
                       size = dp_load_le(bytes + i * PIECE + 8, 4);
        if (at > d->file.size || size > d->file.size - at)
            return false;
        d->pieces[i] = (dp_piece){.at = at, .size = (uint32_t)size};
    }
    return true;
}

static void take_bounds(const dp_shards *s, const uint8_t *bytes, dp_shard_file *d)
{
    for (uint32_t c = 0; c < s->fields.n; c++) {
        for (int k = 0; k < 3; k++, bytes += 16) {
            d->bounds[c].least[k] = (int64_t)dp_load_le(bytes, 8);
            d->bounds[c].most[k] = (int64_t)dp_load_le(bytes + 8, 8);
        }
    }
}

static dp_status take(const dp_shards *s, dp_shard_file *d, const uint8_t *bytes, size_t size,
                      dp_arena *arena, bool *found, dp_error *err)
{
    const uint8_t *bounds = bytes + HEADER, *pieces = bounds + (size_t)s->fields.n * BOUNDS;
    dp_shard_file known;

    if (!check(s, d, bytes, size, &known))
        return DP_OK;
    known.pieces = dp_arena_alloc(arena, (size_t)known.n * s->n_pieces, sizeof *known.pieces);
    if (known.pieces == NULL)
        return dp_arena_fail(arena, err, "an index");
    take_bounds(s, bounds, &known);
    *found = take_pieces(s, pieces, &known);
    if (*found)
        *d = known;
    return DP_OK;
}

dp_status dp_index_find(dp_index *x, dp_shard_file *d, dp_arena *arena, bool *found, dp_error *err)
{
    const uint8_t *entry;
    dp_status status = DP_OK;
    size_t size;

    *found = false;
    if (x->path == NULL || !is_kept(d))
        return DP_OK;
    entry = next_entry(x, d, &size);
    if (entry != NULL) {
        x->at += size;
        status = take(x->shards, d, entry, size, arena, found, err);
    }
    x->partly = x->partly || !*found;
    return status;
}

/* ---- writing ---- */

/* Bytes on their way into the file and the check. */
typedef struct output {
    dp_writer writer;
    dp_hash hash;
    uint8_t bytes[8192];
    size_t n;
} output;

static void flush(output *o)
{
    dp_writer_put(&o->writer, o->bytes, o->n);
    dp_hash_bytes(&o->hash, o->bytes, o->n);
    o->n = 0;
}

/* A number. */
static void put(output *o, size_t n, uint64_t value)
{
    if (sizeof o->bytes - o->n < n)
        flush(o);
    dp_store_le(o->bytes + o->n, n, value);
    o->n += n;
}

static void put_entry(output *o, const dp_shards *s, const dp_shard_file *d)
{
    dp_hash64_init(&o->hash);
    make_header(s, d, o->bytes);
    o->n = HEADER;
    for (uint32_t c = 0; c < s->fields.n; c++) {
        for (int k = 0; k < 3; k++) {
            put(o, 8, (uint64_t)d->bounds[c].least[k]);
            put(o, 8, (uint64_t)d->bounds[c].most[k]);
        }
    }
    for (size_t i = 0; i < (size_t)d->n * s->n_pieces; i++) {
        put(o, 8, d->pieces[i].at);
        put(o, 4, d->pieces[i].size);
    }
    flush(o);
    put(o, 8, dp_hash64_final(&o->hash));
    flush(o);
}

static dp_status write_all(const dp_index *x, size_t n, dp_error *err)
{
    output o;
    const dp_status status = dp_writer_open(&o.writer, x->path, err);

    if (status != DP_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        if (is_kept(&x->shards->shards[i]))
            put_entry(&o, x->shards, &x->shards->shards[i]);
    }
    return dp_writer_commit(&o.writer, err);
}

dp_status dp_index_keep(dp_index *x, size_t n, dp_error *err)
{
    char folder[4096];

    if (x->path == NULL || !x->partly)
        return DP_OK;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(x->path, '/') - x->path), x->path);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return dp_fail(err, DP_EIO, "cannot make %.160s: %s", folder, strerror(errno));
    return write_all(x, n, err);
}
