/* shards.c - files that hold many records each: an index of each file, and records by number
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/shards/shards.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/options.h"
#include "base/tensor.h"
#include "io/pictures/bounds.h"
#include "io/shards/index.h"
#include "io/shards/list.h"
#include "io/source.h"

#define HEAD 4096 /* bytes that are read at once for the header of a picture */

/* ---- files ---- */

static bool is_gzip(const dp_shard_format *format, const uint8_t head[12], size_t n)
{
    return n == 12 && head[0] == 0x1F && head[1] == 0x8B &&
           (format->is_plain == NULL || !format->is_plain(head));
}

uint64_t dp_shard_stamp(const dp_shard_file *d)
{
    return d->beside == 0 ? d->file.stamp : dp_stamp_add(d->file.stamp, d->beside);
}

/* What belongs to a file is looked at when that is. */
static dp_status stamp_beside(const dp_shards *s, dp_shard_file *d, dp_opener *opener,
                              dp_error *err)
{
    const char *ending = s->format->beside;
    const size_t n = strlen(d->path), size = n + (ending != NULL ? strlen(ending) : 0) + 1;
    char *path = ending != NULL ? dp_arena_alloc(opener->arena, size, 1) : NULL;
    dp_file file;
    dp_status status;

    if (ending == NULL)
        return DP_OK;
    if (path == NULL)
        return dp_arena_fail(opener->arena, err, "a path");
    snprintf(path, size, "%s%s", d->path, ending);
    status = dp_opener_open(opener, path, &file, err);
    if (status != DP_OK)
        return opener->missing ? DP_OK : status;
    d->beside = file.stamp;
    dp_file_close(&file);
    return DP_OK;
}

/* The file stays open if it is one of the first. */
static dp_status open_file(const dp_shards *s, dp_shard_file *d, dp_opener *opener, dp_error *err)
{
    uint8_t head[12];
    size_t got;
    int error;
    dp_status status = dp_opener_open(opener, d->path, &d->file, err);

    if (status != DP_OK)
        return status;
    error = dp_file_read_at(&d->file, 0, head, sizeof head, &got);
    if (error != 0)
        status = dp_fail(err, DP_EIO, "%.120s cannot be read: %s", d->path,
                         dp_file_why(&d->file, error));
    else if (d->file.size > DP_SHARD)
        status = dp_fail(err, DP_ELIMIT, "%.120s has more than 1 TiB: cut it into shards", d->path);
    else if (is_gzip(s->format, head, got))
        status = dp_blob_read(&d->file, d->path, DP_UNPACKED_SHARD, opener->arena, opener->options,
                              &d->blob, err);
    if (status == DP_OK)
        status = stamp_beside(s, d, opener, err);
    if (status != DP_OK || d->blob.bytes != NULL)
        dp_file_close(&d->file);
    else if (d - s->shards >= DP_OPEN_SHARDS)
        dp_file_rest(&d->file);
    return status;
}

/* The file of a shard, open; to be left by dp_file_leave. */
static dp_status enter_file(const dp_shard_file *d, dp_file *out, dp_error *err)
{
    *out = d->file;
    return d->blob.bytes != NULL ? DP_OK : dp_file_enter(&d->file, d->path, out, err);
}

void dp_shards_close(void *state)
{
    dp_shards *s = state;

    for (size_t i = 0; i < s->n; i++)
        dp_file_close(&s->shards[i].file);
}

dp_status dp_shards_unchanged(void *state, bool accept, dp_error *err)
{
    dp_shards *s = state;
    dp_status status = DP_OK;

    for (size_t i = 0; i < s->n && status == DP_OK; i++)
        if (s->shards[i].blob.bytes == NULL) /* else it is in memory */
            status = dp_file_unchanged(&s->shards[i].file, s->shards[i].path, accept, err);
    return status;
}

/* ---- looking at a file ---- */

dp_status dp_look_read(const dp_look *l, uint64_t at, size_t n, uint8_t *buffer,
                       const uint8_t **out, dp_error *err)
{
    size_t got;
    int error;

    if (l->shard->blob.bytes != NULL) {
        *out = l->shard->blob.bytes + at;
        return DP_OK;
    }
    *out = buffer;
    error = dp_file_read_at(&l->file, at, buffer, n, &got);
    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", l->shard->path,
                       dp_file_why(&l->file, error));
    return got == n ? DP_OK
                    : dp_fail(err, DP_ECORRUPT, "%.120s shrank while it was read", l->shard->path);
}

dp_piece *dp_look_add(dp_look *l)
{
    const size_t n = l->shards->n_pieces, used = (size_t)l->shard->n * n;

    if (l->capacity - used < n) {
        dp_piece *more =
            dp_arena_grow(l->arena, l->pieces, used, sizeof *more, &l->capacity, 64 * n);
        if (more == NULL)
            return NULL;
        l->pieces = more;
    }
    l->shard->n++;
    memset(l->pieces + used, 0, n * sizeof *l->pieces);
    return l->pieces + used;
}

dp_status dp_look_full(const dp_look *l, dp_error *err)
{
    return dp_arena_fail(l->arena, err, "an index");
}

static dp_status look_at_picture(dp_look *l, uint32_t field, const dp_piece *p, const char *name,
                                 dp_error *err)
{
    static const dp_picture_how how = {3, DP_AS_MINDSPORE, DP_TURN_AS_DECODER, false, 0};
    const bool in_memory = l->shard->blob.bytes != NULL;
    uint8_t bytes[HEAD];
    dp_encoded from = {.name = name,
                       .size = in_memory || p->size < HEAD ? p->size : HEAD,
                       .file = in_memory ? NULL : &l->file,
                       .at = p->at,
                       .end = p->at + p->size};
    dp_picture_head head;
    dp_status status = dp_look_read(l, p->at, from.size, bytes, &from.bytes, err);

    if (status == DP_OK)
        status = dp_picture_look(&from, &how, l->room, &head, err);
    dp_picture_room_empty(l->room);
    if (status == DP_OK)
        dp_pictures_widen(&l->shard->bounds[field], &head);
    return status;
}

dp_status dp_look_bytes(dp_look *l, uint32_t field, dp_piece *p, const char *name, dp_error *err)
{
    const bool is_picture = l->shards->fields.field[field].kind == DP_FIELD_PICTURE;
    const uint64_t most = is_picture ? DP_PICTURE_FILE : DP_MAX_SAMPLE_SIZE;

    if (p->size > most)
        return dp_fail(err, DP_ELIMIT, "%.160s has more than %llu bytes", name,
                       (unsigned long long)most);
    return is_picture ? look_at_picture(l, field, p, name, err) : DP_OK;
}

void dp_look_number(dp_look *l, uint32_t field, int64_t value)
{
    dp_bounds *b = &l->shard->bounds[field];

    if (b->most[1] == 0 || value < b->least[0])
        b->least[0] = value;
    if (b->most[1] == 0 || value > b->most[0])
        b->most[0] = value;
    b->most[1] = 1;
}

dp_status dp_look_progress(const dp_look *l, uint64_t at, dp_error *err)
{
    return l->shard->n % 64 == 0 ? dp_progress(l->options, "shards", l->before + at, l->total, err)
                                 : DP_OK;
}

/* What was found, without the room for more. */
static dp_status keep_pieces(const dp_look *l, dp_arena *arena, dp_error *err)
{
    dp_shard_file *d = l->shard;
    const size_t n = (size_t)d->n * l->shards->n_pieces;

    d->pieces = dp_arena_alloc(arena, n, sizeof *d->pieces);
    if (d->pieces == NULL)
        return dp_arena_fail(arena, err, "an index");
    if (n > 0)
        memcpy(d->pieces, l->pieces, n * sizeof *d->pieces);
    return DP_OK;
}

/* Of what is wrong with the file itself: how far it was read. */
static void name_record(const dp_look *l, dp_error *err)
{
    const size_t n = strlen(err->message);

    err->record = (int64_t)(l->shard->first + l->shard->n);
    snprintf(err->message + n, sizeof err->message - n, " (behind %llu %ss)",
             (unsigned long long)l->shard->n, l->shards->format->record);
}

static dp_status look_at(dp_look *l, dp_arena *arena, dp_error *err)
{
    const dp_shard_format *format = l->shards->format;
    dp_shard_file *d = l->shard;
    dp_arena while_looking = dp_arena_within(arena);
    dp_status status = enter_file(d, &l->file, err);

    if (status != DP_OK)
        return status;
    l->arena = &while_looking;
    l->pieces = NULL;
    l->capacity = 0;
    status = format->look(l, err);
    if (status != DP_OK && err != NULL && err->record < 0)
        name_record(l, err);
    if (status == DP_OK)
        status = keep_pieces(l, arena, err);
    dp_file_leave(&d->file, &l->file);
    dp_arena_free(&while_looking);
    return status;
}

static uint64_t size_of(const dp_shard_file *d)
{
    return d->blob.bytes != NULL ? d->blob.size : d->file.size;
}

static bool has_pictures(const dp_shards *s)
{
    uint32_t c = 0;

    while (c < s->fields.n && s->fields.field[c].kind != DP_FIELD_PICTURE)
        c++;
    return c < s->fields.n;
}

/* What is found is kept also where the look ends early, if nothing was. */
static dp_status keep(dp_index *x, size_t n, dp_status status, dp_error *err)
{
    if (status != DP_OK && x->file.fd < 0)
        (void)dp_index_keep(x, n, NULL);
    return status == DP_OK ? dp_index_keep(x, n, err) : status;
}

static dp_status look_at_each(dp_look *l, dp_index *x, dp_shards *s, dp_error *err)
{
    dp_arena *arena = l->opener->arena;
    dp_status status = DP_OK;
    uint64_t first = 0;
    size_t n = 0;

    for (; n < s->n && status == DP_OK; n++) {
        bool found;
        l->shard = &s->shards[n];
        l->shard->first = first;
        status = dp_index_find(x, l->shard, arena, &found, err);
        if (status == DP_OK && !found)
            status = look_at(l, arena, err);
        first += l->shard->n;
        l->before += size_of(l->shard);
        if (status == DP_OK)
            status = dp_progress(l->options, "shards", l->before, l->total, err);
    }
    return keep(x, status == DP_OK ? n : n - 1, status, err);
}

static dp_status look_at_all(dp_shards *s, dp_opener *opener, dp_error *err)
{
    dp_picture_room room = {0};
    dp_look l = {.shards = s, .options = opener->options, .opener = opener, .room = &room};
    dp_index index;
    dp_status status = dp_index_open(&index, s, opener->options, opener->arena, err);

    if (status == DP_OK && has_pictures(s))
        status = dp_picture_room_open(&room, opener->arena, 0, 0, err);
    for (size_t i = 0; i < s->n; i++)
        l.total += size_of(&s->shards[i]);
    if (status == DP_OK)
        status = look_at_each(&l, &index, s, err);
    dp_picture_room_close(&room);
    dp_index_close(&index);
    return status;
}

/* ---- all of them together ---- */

/* The least and the most bytes of each field, the most of what is the format's own. */
static void measure(dp_shards *s, const dp_shard_file *d, int64_t most[DP_MAX_COLUMNS])
{
    for (size_t i = 0; i < (size_t)d->n * s->n_pieces; i++) {
        const uint32_t c = (uint32_t)(i % s->n_pieces);
        const int64_t size = d->pieces[i].size;
        if (c >= s->fields.n) {
            s->largest = (uint64_t)size > s->largest ? (uint64_t)size : s->largest;
            continue;
        }
        s->least[c] = size < s->least[c] ? size : s->least[c];
        most[c] = size > most[c] ? size : most[c];
    }
}

static void join(dp_bounds *all, const dp_bounds *one, bool first)
{
    for (int k = 0; k < 3; k++) {
        all->least[k] = first || one->least[k] < all->least[k] ? one->least[k] : all->least[k];
        all->most[k] = first || one->most[k] > all->most[k] ? one->most[k] : all->most[k];
    }
}

static dp_status add_column(dp_shards *s, uint32_t c, int64_t most, dp_arena *arena, dp_source *out,
                            dp_error *err)
{
    const dp_field *f = &s->fields.field[c];
    const dp_tensor bytes = {NULL, DP_U8, 1, {most}};
    const dp_tensor *type = f->kind == DP_FIELD_NUMBERS ? &f->type : &bytes;
    const dp_status status = dp_source_add(out, f->column, strlen(f->column), type, arena, err);

    if (status != DP_OK)
        return status;
    if (f->kind == DP_FIELD_NUMBERS && dp_dtype_is_integer(f->type.dtype) &&
        s->pictures[c].least[0] >= 0)
        out->columns[c].limit = (uint64_t)s->pictures[c].most[0] + 1;
    if (f->kind != DP_FIELD_NUMBERS && s->least[c] < most)
        out->least[c] = &s->least[c];
    if (f->kind == DP_FIELD_PICTURE)
        out->pictures[c] = &s->pictures[c];
    return DP_OK;
}

static void note_left_out(const dp_shards *s, const dp_options *options)
{
    uint64_t n = 0, n_files = 0;

    for (size_t i = 0; i < s->n; i++) {
        n += s->shards[i].n_left_out;
        n_files += s->shards[i].n_left_out > 0;
    }
    if (n > 0)
        dp_log(options, "warning: %s: %llu entries of %llu files belong to no %s: left out",
               s->format->info->name, (unsigned long long)n, (unsigned long long)n_files,
               s->format->record);
}

static dp_status describe(dp_shards *s, const dp_options *options, dp_arena *arena, dp_source *out,
                          dp_error *err)
{
    static const dp_tensor id = {.dtype = DP_I64};
    int64_t most[DP_MAX_COLUMNS] = {0};
    dp_status status = DP_OK;

    for (uint32_t c = 0; c < DP_MAX_COLUMNS; c++)
        s->least[c] = INT64_MAX;
    for (size_t i = 0; i < s->n; i++) {
        const dp_shard_file *d = &s->shards[i];
        measure(s, d, most);
        for (uint32_t c = 0; c < s->fields.n && d->n > 0; c++)
            join(&s->pictures[c], &d->bounds[c], out->n_records == 0);
        out->n_records += d->n;
        out->stamp = dp_stamp_add(out->stamp, dp_shard_stamp(d));
    }
    if (out->n_records == 0)
        return dp_fail(err, DP_ECORRUPT, "%.120s has no %s", s->shards[0].path, s->format->record);
    for (uint32_t c = 0; c < s->fields.n && status == DP_OK; c++)
        status = add_column(s, c, most[c], arena, out, err);
    if (status == DP_OK)
        status = dp_source_add(out, "id", 2, &id, arena, err);
    if (status != DP_OK)
        return status;
    out->columns[out->n_columns - 1].limit = out->n_records;
    out->state = s;
    note_left_out(s, options);
    return DP_OK;
}

static dp_status open_files(dp_shards *s, const char *file, dp_opener *opener, dp_error *err)
{
    dp_shard_list list;
    dp_status status = dp_shard_list_read(file, opener, &list, err);

    if (status != DP_OK)
        return status;
    s->shards = dp_arena_alloc(opener->arena, list.n, sizeof *s->shards);
    if (s->shards == NULL)
        return dp_arena_fail(opener->arena, err, s->format->info->name);
    for (s->n = 0; s->n < list.n && status == DP_OK; s->n++) {
        dp_shard_file *d = &s->shards[s->n];
        d->path = list.paths[s->n];
        d->file = (dp_file){.fd = -1};
        status = open_file(s, d, opener, err);
    }
    return status;
}

dp_status dp_shards_open(dp_shards *s, const dp_shard_format *format, const char *file,
                         const char *fields, const dp_options *options, dp_arena *arena,
                         dp_source *out, dp_error *err)
{
    dp_status status = dp_fields_parse(fields, format->usual, arena, &s->fields, err);

    if (status != DP_OK)
        return status;
    s->format = format;
    s->n_pieces = s->fields.n + format->n_own;
    out->stamp = dp_hash64(fields, strlen(fields));
    status = open_files(s, file, &out->opener, err);
    if (status == DP_OK)
        status = look_at_all(s, &out->opener, err);
    if (status == DP_OK)
        status = describe(s, options, arena, out, err);
    if (status != DP_OK)
        dp_shards_close(s);
    return status;
}

/* ---- records ---- */

/* The last shard that begins at or before: empty ones begin where the next one does. */
static const dp_shard_file *find(const dp_shards *s, uint64_t record)
{
    size_t low = 0, high = s->n;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (s->shards[middle].first <= record)
            low = middle;
        else
            high = middle;
    }
    return &s->shards[low];
}

const dp_piece *dp_shards_pieces(const dp_shards *s, uint64_t record)
{
    const dp_shard_file *d = find(s, record);

    return d->pieces + (record - d->first) * s->n_pieces;
}

void dp_shards_shape(const void *state, uint64_t record, uint32_t column, int64_t *shape)
{
    shape[0] = dp_shards_pieces(state, record)[column].size;
}

bool dp_shards_ahead(const void *state, uint64_t record, const dp_when *when)
{
    const dp_shards *s = state;
    const dp_shard_file *d = find(s, record);
    const dp_piece *p = dp_shards_pieces(s, record);
    bool room = true;

    for (uint32_t i = 0; i < s->n_pieces && d->blob.bytes == NULL && room; i++)
        room = dp_file_ahead(&d->file, p[i].at, p[i].size, when);
    return room;
}

dp_status dp_shard_enter(const dp_shards *s, uint64_t record, dp_shard_record *r, dp_error *err)
{
    const dp_shard_file *d = find(s, record);
    dp_status status;

    *r = (dp_shard_record){.shards = s, .shard = d, .number = record - d->first};
    r->pieces = d->pieces + r->number * s->n_pieces;
    status = enter_file(d, &r->file, err);
    if (status != DP_OK && err != NULL)
        err->record = (int64_t)record;
    return status;
}

void dp_shard_leave(dp_shard_record *r) { dp_file_leave(&r->shard->file, &r->file); }

dp_status dp_shard_fail(const dp_shard_record *r, dp_error *err, dp_status status, const char *why,
                        ...)
{
    char text[200];
    va_list args;

    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    return dp_fail_record(err, status, r->shard->first + r->number, "%s %llu of %.100s %s",
                          r->shards->format->record, (unsigned long long)r->number, r->shard->path,
                          text);
}

/* What was read once has to stay. */
static dp_status check_seen(const dp_shard_record *r, dp_piece *p, const void *bytes, dp_error *err)
{
    const uint32_t hash = (uint32_t)dp_hash64(bytes, p->size) | 1;
    uint32_t seen = 0;

    if (atomic_compare_exchange_strong_explicit(&p->seen, &seen, hash, memory_order_relaxed,
                                                memory_order_relaxed) ||
        seen == hash)
        return DP_OK;
    return dp_shard_fail(r, err, DP_ESTATE, "changed since it was first read");
}

dp_status dp_shard_read(const dp_shard_record *r, uint32_t piece, void *out, dp_error *err)
{
    dp_piece *p = &r->pieces[piece];
    size_t got = p->size;
    int error = 0;

    if (r->shard->blob.bytes != NULL)
        memcpy(out, r->shard->blob.bytes + p->at, p->size);
    else
        error = dp_file_read_at(&r->file, p->at, out, p->size, &got);
    if (error != 0)
        return dp_shard_fail(r, err, DP_EIO, "cannot be read: %s", dp_file_why(&r->file, error));
    if (got < p->size)
        return dp_shard_fail(r, err, DP_ECORRUPT, "is cut: the file shrank while it was in use");
    return check_seen(r, p, out, err);
}

bool dp_shard_expects(const dp_shard_record *r, uint32_t field, int64_t value)
{
    const dp_bounds *b = &r->shard->bounds[field];
    return value >= b->least[0] && value <= b->most[0];
}
