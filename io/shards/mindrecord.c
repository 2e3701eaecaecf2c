/* mindrecord.c - the data of MindSpore's FileWriter
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The columns are those of the schema, in its order, which is that of their names.  A row's numbers
 * are read from its MessagePack, bytes and texts where they lie; arrays of integers are packed in
 * as few bytes as each needs.
 */
#include "io/shards/mindrecord.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/pack/message_pack.h"
#include "base/tensor.h"
#include "io/shards/list.h"
#include "io/shards/shards.h"
#include "io/rows.h"
#include "lang/text.h"

#define MOST_RAW   65536 /* bytes of a row's numbers and texts */
#define MOST_FILES 1000  /* of a data set: MindSpore's own limit */

typedef struct mindrecord {
    const char *file, *fields;
    bool part;
} mindrecord;

static const dp_param params[] = {
    DP_LONG_TEXT(mindrecord, file, NULL,
                 "files: a.mindrecord, a.mindrecord{0..3}, or @list.txt, a name a line"),
    DP_LONG_TEXT(mindrecord, fields, "",
                 "columns: NAME:COLUMN of each, or NAME:COLUMN:TYPE (bytes, picture), joined by "
                 "commas; \"\": all of the file"),
    DP_BOOLEAN(mindrecord, part, "false", "read some of the files that were written together"),
    DP_PARAMS_END,
};

/* Where a field's values come from. */
typedef struct part {
    const dp_mindrecord_column *of;
    bool varies;    /* the first size differs from row to row */
    uint32_t count; /* of a packed one: the piece whose place is how many there are */
    uint64_t step;  /* elements of one of the first size */
    int64_t least[DP_MAX_RANK];
} part;

typedef struct state {
    dp_shards shards; /* first: what its functions are given */
    dp_shard_format format;
    dp_mindrecord head; /* of the first file */
    part parts[DP_MAX_COLUMNS];
    uint32_t n;
} state;

/* ---- a row's numbers and texts ---- */

/* How many pairs a row has, whose length stands in front. */
static bool take_head(dp_packed *c, uint64_t *n)
{
    if (c->end - c->at < 9 || dp_load_le(c->at, 8) != (uint64_t)(c->end - c->at) - 8)
        return false;
    c->at += 8;
    return dp_unpack_map(c, n);
}

static bool is_named(const part *p, const dp_unpacked *name)
{
    return strlen(p->of->name) == name->n && memcmp(p->of->name, name->text, name->n) == 0;
}

/* Gives each field that is in the row its value.  False: the row is damaged, or lacks one. */
static bool read_row(const state *s, const uint8_t *bytes, size_t size,
                     bool (*give)(void *ctx, uint32_t field, const dp_unpacked *), void *ctx)
{
    dp_packed c = {bytes, bytes + size};
    uint32_t given = 0, wanted = 0;
    uint64_t n;
    dp_unpacked name, v;

    for (uint32_t f = 0; f < s->n; f++)
        wanted |= s->parts[f].of->blob < 0 ? 1u << f : 0;
    if (!take_head(&c, &n))
        return false;
    for (; n > 0; n--) {
        if (!dp_unpack(&c, &name) || name.kind != DP_PACKED_TEXT || !dp_unpack(&c, &v))
            return false;
        for (uint32_t f = 0; f < s->n; f++) {
            if ((wanted >> f & 1) == 0 || !is_named(&s->parts[f], &name))
                continue;
            if ((given >> f & 1) != 0 || !give(ctx, f, &v))
                return false;
            given |= 1u << f;
        }
    }
    return c.at == c.end && given == wanted;
}

/* A number as its column has it; false where that has no such value. */
static bool store(const dp_field *f, const dp_unpacked *v, void *out)
{
    return v->kind == DP_PACKED_INTEGER
               ? dp_field_store_int(f, out, 0, v->integer)
               : v->kind == DP_PACKED_REAL && dp_field_store_float(f, out, 0, v->real);
}

/* ---- looking at a file ---- */

typedef struct looking {
    dp_look *l;
    const state *s;
    const dp_mindrecord *m;
    const uint8_t *raw; /* of the row */
    uint64_t raw_at;    /* in the file */
    dp_piece *pieces;
    dp_error *err;
} looking;

static dp_status bad_row(const looking *g, const char *what, const char *column)
{
    const uint64_t number = g->l->shard->n - 1;

    return dp_fail_record(g->err, DP_ECORRUPT, g->l->shard->first + number,
                          "record %llu of %.100s: %s%.40s", (unsigned long long)number,
                          g->l->shard->path, what, column);
}

static bool note_value(void *ctx, uint32_t f, const dp_unpacked *v)
{
    looking *g = ctx;
    const dp_field *field = &g->l->shards->fields.field[f];
    uint64_t element;

    if (field->kind != DP_FIELD_NUMBERS) {
        g->pieces[f].at = g->raw_at + (uint64_t)(v->text - g->raw);
        g->pieces[f].size = (uint32_t)v->n;
        return v->kind == DP_PACKED_TEXT;
    }
    if (dp_dtype_is_integer(field->type.dtype))
        dp_look_number(g->l, f, v->integer);
    return store(field, v, &element);
}

/* How many there are, of integers that are packed: then come two bits of each, the elements. */
static bool count_packed(const looking *g, uint64_t at, uint64_t size, uint64_t *count)
{
    uint8_t bytes[4];
    const uint8_t *from;
    dp_packed c;

    if (size < 4 || dp_look_read(g->l, at, 4, bytes, &from, NULL) != DP_OK)
        return false;
    c = (dp_packed){from, from + 4};
    return dp_unpack_big_endian(&c, 4, count) && *count + (*count + 3) / 4 <= size - 4;
}

/* An array, which has to have its column's shape. */
static bool note_array(looking *g, uint32_t f, const dp_piece *piece)
{
    const part *p = &g->s->parts[f];
    const dp_tensor *type = &g->l->shards->fields.field[f].type;
    const size_t element = dp_dtype_size(type->dtype);
    uint64_t count = piece->size / element;

    if (p->of->packed ? !count_packed(g, piece->at, piece->size, &count)
                      : piece->size % element != 0)
        return false;
    if (p->varies && p->of->packed)
        g->pieces[p->count].at = count;
    if (dp_dtype_is_integer(type->dtype))
        dp_look_number(g->l, f, -1); /* nothing is known of its elements */
    return p->varies ? count % p->step == 0 : count == dp_tensor_count(type);
}

static dp_status note_blob(looking *g, uint32_t f, uint64_t at, uint64_t size)
{
    dp_piece *piece = &g->pieces[f];
    const char *name = g->s->parts[f].of->name;

    piece->at = at;
    piece->size = (uint32_t)size;
    if (g->l->shards->fields.field[f].kind != DP_FIELD_NUMBERS) {
        dp_error why = {.message = ""};
        const dp_status status = dp_look_bytes(g->l, f, piece, name, &why);
        return status == DP_OK || status == DP_ENOMEM || status == DP_ELIMIT
                   ? (status == DP_OK ? DP_OK : dp_fail(g->err, status, "%s", why.message))
                   : bad_row(g, "", why.message);
    }
    return note_array(g, f, piece) ? DP_OK : bad_row(g, "another shape than its schema's: ", name);
}

/* The blobs of a row lie one behind the other, with their lengths if there are several. */
static dp_status look_at_blobs(looking *g, const dp_mindrecord_row *row)
{
    uint64_t at = row->blob + 8, end = row->blob + row->blob_size;
    uint8_t bytes[8];
    const uint8_t *from;
    dp_status status = dp_look_read(g->l, row->blob, 8, bytes, &from, g->err);

    if (status == DP_OK && dp_load_le(from, 8) != row->blob_size - 8)
        return bad_row(g, "its length is not that of the index", "");
    for (uint64_t b = 0; b < g->m->n_blobs && status == DP_OK; b++) {
        uint64_t size = end - at;
        if (g->m->n_blobs > 1) {
            dp_packed c;
            if (size < 8)
                return bad_row(g, "it ends before its last column", "");
            status = dp_look_read(g->l, at, 8, bytes, &from, g->err);
            c = (dp_packed){from, from + 8};
            at += 8;
            if (status != DP_OK)
                break;
            if (!dp_unpack_big_endian(&c, 8, &size) || size > end - at)
                return bad_row(g, "it ends before its last column", "");
        }
        for (uint32_t f = 0; f < g->s->n && status == DP_OK; f++)
            status = g->s->parts[f].of->blob == (int32_t)b ? note_blob(g, f, at, size) : DP_OK;
        at += size;
    }
    return status == DP_OK && g->m->n_blobs > 0 && at != end
               ? bad_row(g, "it goes on behind its last column", "")
               : status;
}

static dp_status look_at_row(looking *g, const dp_mindrecord_row *row, uint8_t raw[MOST_RAW])
{
    dp_status status;

    g->pieces = dp_look_add(g->l);
    if (g->pieces == NULL)
        return dp_look_full(g->l, g->err);
    if (row->raw_size > MOST_RAW)
        return bad_row(g, "its numbers and texts have more than 65536 bytes", "");
    g->pieces[g->s->n].at = g->raw_at = row->raw;
    g->pieces[g->s->n].size = row->raw_size;
    status = dp_look_read(g->l, row->raw, row->raw_size, raw, &g->raw, g->err);
    if (status == DP_OK && !read_row(g->s, g->raw, row->raw_size, note_value, g))
        return bad_row(g, "its numbers and texts are damaged, or not those of the schema", "");
    return status == DP_OK ? look_at_blobs(g, row) : status;
}

static dp_status look(dp_look *l, dp_error *err)
{
    dp_mindrecord *m = dp_arena_alloc(l->arena, 1, sizeof *m);
    uint8_t *raw = dp_arena_alloc(l->arena, MOST_RAW, 1);
    looking g = {.l = l, .s = (const state *)l->shards, .m = m, .err = err};
    dp_mindrecord_row *rows = NULL;
    dp_status status;

    if (m == NULL || raw == NULL)
        return dp_look_full(l, err);
    status = dp_mindrecord_open(&l->file, l->shard->path, l->arena, m, err);
    if (status == DP_OK)
        status = dp_mindrecord_rows(m, l->shard->path, l->opener, l->arena, &rows, err);
    for (uint64_t i = 0; status == DP_OK && i < m->n_rows; i++) {
        status = look_at_row(&g, &rows[i], raw);
        if (status == DP_OK)
            status = dp_look_progress(l, rows[i].blob, err);
    }
    return status;
}

/* ---- files that belong together ---- */

typedef struct member {
    uint64_t set, shard, n_shards;
} member;

/* Each of a set once, unless some are wanted. */
static dp_status check_sets(const dp_shard_list *list, const member *members, dp_error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        uint64_t n = 0;
        for (size_t k = 0; k < list->n; k++) {
            n += members[k].set == members[i].set;
            if (k < i && members[k].set == members[i].set && members[k].shard == members[i].shard &&
                members[i].n_shards > 1)
                return dp_fail(err, DP_ESPEC, "%.90s and %.90s are the same file of a set",
                               list->paths[k], list->paths[i]);
        }
        if (members[i].n_shards > 1 && n != members[i].n_shards)
            return dp_fail(
                err, DP_ESPEC,
                "%.90s is one of %llu files that were written together: file= names %llu "
                "of them (part=true reads some)",
                list->paths[i], (unsigned long long)members[i].n_shards, (unsigned long long)n);
    }
    return DP_OK;
}

static dp_status read_head(const char *path, dp_opener *opener, dp_arena *arena, dp_mindrecord *m,
                           dp_file *file, dp_error *err)
{
    dp_status status = dp_opener_open(opener, path, file, err);

    if (status == DP_OK)
        status = dp_mindrecord_open(file, path, arena, m, err);
    if (status != DP_OK)
        dp_file_close(file);
    return status;
}

/* The heads of all files: they have the columns of the first one. */
static dp_status look_at_heads(const state *s, const dp_shard_list *list, member *members,
                               dp_opener *opener, dp_error *err)
{
    dp_arena *arena = opener->arena;
    dp_status status = DP_OK;

    for (size_t i = 0; i < list->n && status == DP_OK; i++) {
        dp_arena while_reading = dp_arena_within(arena);
        dp_mindrecord *m = dp_arena_alloc(&while_reading, 1, sizeof *m);
        dp_file file;
        status = m == NULL ? dp_arena_fail(&while_reading, err, "a header")
                           : read_head(list->paths[i], opener, &while_reading, m, &file, err);
        if (status == DP_OK) {
            dp_file_close(&file);
            members[i] = (member){m->set, m->shard, m->n_shards};
            if (m->schema != s->head.schema)
                status = dp_fail(err, DP_ECORRUPT, "%.90s has other columns than %.90s",
                                 list->paths[i], list->paths[0]);
        }
        dp_arena_free(&while_reading);
    }
    return status;
}

static dp_status check_files(const state *s, const mindrecord *p, const dp_shard_list *list,
                             dp_opener *opener, dp_error *err)
{
    dp_arena while_reading = dp_arena_within(opener->arena);
    member *members = dp_arena_alloc(&while_reading, list->n, sizeof *members);
    dp_status status;

    if (list->n > MOST_FILES)
        status = dp_fail(err, DP_ELIMIT, "there are more than %d files", MOST_FILES);
    else if (members == NULL)
        status = dp_arena_fail(&while_reading, err, "a list of files");
    else
        status = look_at_heads(s, list, members, opener, err);
    if (status == DP_OK && !p->part)
        status = check_sets(list, members, err);
    dp_arena_free(&while_reading);
    return status;
}

/* ---- the columns ---- */

static const char *bytes_if_unknown(const char *name)
{
    (void)name;
    return "bytes";
}

static dp_status find_part(state *s, const dp_field *f, dp_error *err)
{
    const dp_mindrecord_column *c = dp_mindrecord_find(&s->head, f->part, strlen(f->part));
    part *p = &s->parts[s->n];
    dp_tensor type;

    if (c == NULL)
        return dp_fail(err, DP_ESPEC, "there is no column '%.40s': the first is '%.40s'", f->part,
                       s->head.columns[0].name);
    type = c->type;
    *p = (part){.of = c, .varies = type.rank > 0 && type.shape[0] == 0, .step = 1};
    for (int32_t d = 1; d < type.rank; d++)
        p->step *= (uint64_t)type.shape[d];
    if (p->varies)
        type.shape[0] = 1;
    if (c->text ? f->kind == DP_FIELD_NUMBERS
                : f->kind != DP_FIELD_NUMBERS || !dp_tensor_same_type(&f->type, &type))
        return dp_fail(err, DP_ESPEC,
                       "column '%.40s' has a type of its own: leave out that of the "
                       "field, or say bytes or picture of bytes",
                       f->part);
    if (p->varies && c->packed)
        p->count = s->format.n_own++;
    s->n++;
    return DP_OK;
}

static dp_status find_parts(state *s, const char *text, dp_arena *arena, dp_error *err)
{
    dp_fields fields;
    dp_status status = dp_fields_parse(text, bytes_if_unknown, arena, &fields, err);

    for (uint32_t f = 0; status == DP_OK && f < fields.n; f++)
        status = find_part(s, &fields.field[f], err);
    for (uint32_t f = 0; status == DP_OK && f < s->n; f++)
        s->parts[f].count += s->n;
    return status;
}

static dp_status take_columns(state *s, const mindrecord *p, const char *path, dp_opener *opener,
                              char **fields, dp_error *err)
{
    dp_arena *arena = opener->arena;
    dp_mindrecord_naming g = {.given = p->fields, .m = &s->head};
    dp_file file;
    dp_status status = read_head(path, opener, arena, &s->head, &file, err);

    if (status != DP_OK)
        return status;
    g.file = &file;
    *fields = dp_out_arena(arena, dp_mindrecord_print_fields, &g, NULL);
    dp_file_close(&file);
    return *fields == NULL ? dp_arena_fail(arena, err, "fields")
                           : find_parts(s, *fields, arena, err);
}

/* ---- arrays of various sizes ---- */

static int64_t first_size(const state *s, const dp_piece *pieces, uint32_t f)
{
    const part *p = &s->parts[f];
    const size_t element = dp_dtype_size(s->shards.fields.field[f].type.dtype);
    const uint64_t n = p->of->packed ? pieces[p->count].at : pieces[f].size / element;

    return (int64_t)(n / p->step);
}

/* The least and the most of all records. */
static dp_status measure(state *s, uint32_t f, dp_source *out, dp_error *err)
{
    dp_tensor *type = &out->columns[f].type;
    int64_t least = INT64_MAX, most = 0;

    for (size_t i = 0; i < s->shards.n; i++) {
        const dp_shard_file *d = &s->shards.shards[i];
        for (uint64_t r = 0; r < d->n; r++) {
            const int64_t size = first_size(s, d->pieces + r * s->shards.n_pieces, f);
            least = size < least ? size : least;
            most = size > most ? size : most;
        }
    }
    type->shape[0] = most;
    memcpy(s->parts[f].least, type->shape, sizeof type->shape);
    s->parts[f].least[0] = least;
    if (!dp_tensor_fits(type) || dp_tensor_bytes(type) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ELIMIT, "a row of '%.40s' is too large", out->columns[f].name);
    if (least < most)
        out->least[f] = s->parts[f].least;
    return DP_OK;
}

/* ---- the reader ---- */

static bool never_gzip(const uint8_t head[12])
{
    (void)head;
    return true;
}

static dp_status open_shards(state *s, const mindrecord *p, const dp_options *options,
                             dp_arena *arena, dp_source *out, dp_error *err)
{
    dp_shard_list list;
    char *fields = NULL;
    dp_status status = dp_shard_list_read(p->file, &out->opener, &list, err);

    if (status == DP_OK)
        status = take_columns(s, p, list.paths[0], &out->opener, &fields, err);
    if (status == DP_OK)
        status = check_files(s, p, &list, &out->opener, err);
    return status == DP_OK
               ? dp_shards_open(&s->shards, &s->format, p->file, fields, options, arena, out, err)
               : status;
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "mindrecord");
    s->format = (dp_shard_format){.info = &dp_reader_mindrecord.info,
                                  .n_own = 1,
                                  .record = "record",
                                  .beside = ".db",
                                  .usual = bytes_if_unknown,
                                  .is_plain = never_gzip,
                                  .look = look};
    status = open_shards(s, params_, options, arena, out, err);
    if (status != DP_OK)
        return status;
    for (uint32_t f = 0; f < s->n && status == DP_OK; f++)
        status = s->parts[f].varies ? measure(s, f, out, err) : DP_OK;
    if (status != DP_OK)
        dp_shards_close(s);
    return status;
}

static void shape(const void *state_, uint64_t record, uint32_t column, int64_t *sizes)
{
    const state *s = state_;

    if (s->parts[column].varies)
        sizes[0] = first_size(s, dp_shards_pieces(&s->shards, record), column);
    else
        dp_shards_shape(&s->shards, record, column, sizes);
}

/* Numbers of a row, on their way to their columns. */
typedef struct giving {
    const dp_shard_record *r;
    void *const *columns;
} giving;

static bool give_value(void *ctx, uint32_t f, const dp_unpacked *v)
{
    const giving *g = ctx;
    const dp_field *field = &g->r->shards->fields.field[f];

    return field->kind != DP_FIELD_NUMBERS ||
           (store(field, v, g->columns[f]) &&
            (!dp_dtype_is_integer(field->type.dtype) || dp_shard_expects(g->r, f, v->integer)));
}

static dp_status read_numbers(const state *s, const dp_shard_record *r, void *const columns[],
                              dp_error *err)
{
    const uint32_t size = r->pieces[s->n].size;
    uint8_t raw[MOST_RAW];
    giving g = {r, columns};
    dp_status status;

    if (size > MOST_RAW)
        return dp_shard_fail(r, err, DP_ESTATE, "has no row in its index");
    status = dp_shard_read(r, s->n, raw, err);
    return status == DP_OK && !read_row(s, raw, size, give_value, &g)
               ? dp_shard_fail(r, err, DP_ESTATE, "changed since it was opened")
               : status;
}

/* Bytes of a piece, one after another, read some at a time. */
typedef struct window {
    const dp_shard_record *r;
    uint64_t at, end;
    size_t n, used;
    uint8_t bytes[4096];
} window;

/* n of them, at most 8; NULL when there are no more. */
static const uint8_t *take(window *w, size_t n)
{
    if (w->n - w->used < n) {
        const uint64_t left = w->end - w->at;
        const size_t kept = w->n - w->used, room = sizeof w->bytes - kept;
        size_t got;
        memmove(w->bytes, w->bytes + w->used, kept);
        if (dp_file_read_at(&w->r->file, w->at, w->bytes + kept, left < room ? (size_t)left : room,
                            &got) != 0)
            return NULL;
        w->at += got;
        w->n = kept + got;
        w->used = 0;
    }
    if (w->n - w->used < n)
        return NULL;
    w->used += n;
    return w->bytes + w->used - n;
}

/* Integers of 1, 2, 4 or 8 bytes, little-endian, as two bits of each say; they fill the piece. */
static bool unpack(const dp_shard_record *r, uint32_t f, uint64_t n, void *out)
{
    const dp_field *field = &r->shards->fields.field[f];
    const uint64_t at = r->pieces[f].at, end = at + r->pieces[f].size;
    const uint64_t data = at + 4 + (n + 3) / 4;
    window widths = {.r = r, .at = at, .end = data}, values = {.r = r, .at = data, .end = end};
    const uint8_t *b = data <= end ? take(&widths, 4) : NULL;
    uint8_t four = 0;

    if (b == NULL || dp_load_be32(b) != n)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        if (i % 4 == 0) {
            b = take(&widths, 1);
            if (b == NULL)
                return false;
            four = *b;
        }
        const size_t size = (size_t)1 << (four >> (6 - 2 * (i % 4)) & 3);
        const unsigned shift = 64 - 8 * (unsigned)size;
        b = take(&values, size);
        if (b == NULL || !dp_field_store_int(field, out, (size_t)i,
                                             (int64_t)(dp_load_le(b, size) << shift) >> shift))
            return false;
    }
    return values.at == end && values.used == values.n;
}

static dp_status read_array(const state *s, const dp_shard_record *r, uint32_t f, void *out,
                            dp_error *err)
{
    const part *p = &s->parts[f];
    dp_tensor array = r->shards->fields.field[f].type;
    dp_status status;

    if (p->varies)
        array.shape[0] = first_size(s, r->pieces, f);
    if (p->of->packed)
        return unpack(r, f, dp_tensor_count(&array), out)
                   ? DP_OK
                   : dp_shard_fail(r, err, DP_ECORRUPT, "has a damaged array: %.40s", p->of->name);
    if (r->pieces[f].size != dp_tensor_bytes(&array))
        return dp_shard_fail(r, err, DP_ESTATE, "has no array in its index: %.40s", p->of->name);
    status = dp_shard_read(r, f, out, err);
    array.data = out;
    if (status == DP_OK)
        dp_tensor_load(&array);
    return status;
}

static dp_status read_field(const state *s, const dp_shard_record *r, uint32_t f, void *out,
                            dp_error *err)
{
    if (s->shards.fields.field[f].kind != DP_FIELD_NUMBERS)
        return dp_shard_read(r, f, out, err);
    return s->parts[f].of->blob >= 0 ? read_array(s, r, f, out, err) : DP_OK;
}

static bool has_numbers(const state *s)
{
    uint32_t f = 0;

    while (f < s->n && (s->parts[f].of->blob >= 0 || s->parts[f].of->text))
        f++;
    return f < s->n;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    dp_shard_record r;
    dp_status status = dp_shard_enter(&s->shards, record, &r, err);

    if (status != DP_OK)
        return status;
    if (has_numbers(s))
        status = read_numbers(s, &r, columns, err);
    for (uint32_t f = 0; f < s->n && status == DP_OK; f++)
        status = read_field(s, &r, f, columns[f], err);
    *(int64_t *)columns[s->n] = (int64_t)record;
    dp_shard_leave(&r);
    return status;
}

const dp_reader dp_reader_mindrecord = {
    .info = {"reader", "mindrecord", "files that MindSpore's FileWriter wrote", 1,
             sizeof(mindrecord), params},
    .open = open_source,
    .read = read_record,
    .ahead = dp_shards_ahead,
    .shape = shape,
    .unchanged = dp_shards_unchanged,
    .close = dp_shards_close,
};
