/* index.c - the index of a shard in a file, beside the identities
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * All numbers are little-endian: the magic, a key of 16 bytes, the stamp of the shard, its records,
 * the entries left out, the fields, the pieces of a record; six bounds of each field; place and
 * size of each piece; XXH3-64 of all before.
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

/* The folder alone, or the file in it; NULL when out of memory. */
static const char *path_of(const dp_options *options, const char *name, dp_arena *arena)
{
    const char *kept = dp_path_join(arena, options->root, options->identities);
    const size_t size = kept != NULL ? strlen(kept) + sizeof ".shards/" + 32 : 0;
    char *path = kept != NULL ? dp_arena_alloc(arena, size, 1) : NULL;

    if (path != NULL)
        snprintf(path, size, "%s.shards%s%s", kept, name != NULL ? "/" : "",
                 name != NULL ? name : "");
    return path;
}

static const char *file_of(const dp_shards *s, const dp_shard_file *d, const dp_options *options,
                           dp_arena *arena)
{
    uint8_t key[16];
    char name[33];

    make_key(s, d, key);
    dp_digest_text(key, name);
    return path_of(options, name, arena);
}

static bool is_kept(const dp_shard_file *d, const dp_options *options)
{
    return options->identities != NULL && d->blob.bytes == NULL;
}

/* ---- reading ---- */

/* The records that a whole file of the right kind says; false when it is none. */
static bool check(const dp_shards *s, const dp_shard_file *d, const uint8_t *bytes, size_t size,
                  dp_shard_file *out)
{
    const size_t before = HEADER + (size_t)s->fields.n * BOUNDS + 8;
    const size_t record = (size_t)s->n_pieces * PIECE;
    uint8_t header[HEADER];

    if (size < before || (size - before) % record != 0)
        return false;
    *out = *d;
    out->n = (size - before) / record;
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

dp_status dp_index_find(const dp_shards *s, dp_shard_file *d, const dp_options *options,
                        dp_arena *arena, bool *found, dp_error *err)
{
    dp_arena while_reading = dp_arena_within(arena);
    const char *path = is_kept(d, options) ? file_of(s, d, options, &while_reading) : NULL;
    uint8_t *bytes;
    dp_file file;
    dp_status status = DP_OK;

    *found = false;
    if (is_kept(d, options) && path == NULL)
        status = dp_arena_fail(&while_reading, err, "a path");
    if (path != NULL && dp_file_open(path, &file, NULL) == DP_OK) {
        status = dp_file_read_whole(&file, path, &while_reading, NULL, &bytes, err);
        if (status == DP_OK)
            status = take(s, d, bytes, (size_t)file.size, arena, found, err);
        dp_file_close(&file);
    }
    dp_arena_free(&while_reading);
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

static void put_all(output *o, const dp_shards *s, const dp_shard_file *d)
{
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

static dp_status write_to(const dp_shards *s, const dp_shard_file *d, const char *path,
                          dp_error *err)
{
    output o;
    const dp_status status = dp_writer_open(&o.writer, path, err);

    if (status != DP_OK)
        return status;
    dp_hash64_init(&o.hash);
    put_all(&o, s, d);
    return dp_writer_commit(&o.writer, err);
}

dp_status dp_index_keep(const dp_shards *s, const dp_shard_file *d, const dp_options *options,
                        dp_arena *arena, dp_error *err)
{
    dp_arena while_writing = dp_arena_within(arena);
    const char *folder, *path;
    dp_status status = DP_OK;

    if (!is_kept(d, options))
        return DP_OK;
    folder = path_of(options, NULL, &while_writing);
    path = file_of(s, d, options, &while_writing);
    if (folder == NULL || path == NULL)
        status = dp_arena_fail(&while_writing, err, "a path");
    else if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        status = dp_fail(err, DP_EIO, "cannot make %.160s: %s", folder, strerror(errno));
    else
        status = write_to(s, d, path, err);
    dp_arena_free(&while_writing);
    return status;
}
