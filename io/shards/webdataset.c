/* webdataset.c - tar archives of samples, as the library WebDataset writes and groups them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A name is a key and a field: "a/b.seg.png" is field "seg.png" of sample "a/b", in small letters.
 * Files that follow one another and have one key are a sample.  The order is that of the archives.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/npy.h"
#include "base/number/num.h"
#include "base/pack/tar.h"
#include "base/tensor.h"
#include "io/shards/shards.h"
#include "io/source.h"

#define MOST_NAMES  8192 /* bytes of the fields of a sample */
#define MOST_NUMBER 64   /* bytes of a number that is written out */
#define HEAD        4096 /* of an array of numpy */

typedef struct webdataset {
    const char *file, *fields;
} webdataset;

static const dp_param params[] = {
    DP_LONG_TEXT(webdataset, file, NULL,
                 "archives: a.tar, train-{000..127}.tar, or @list.txt, a name a line"),
    DP_LONG_TEXT(
        webdataset, fields, "image:jpg;png;jpeg,label:cls",
        "columns: NAME:FIELD of each, or NAME:FIELD:TYPE, joined by commas; of jpg;png the "
        "first that is there"),
    DP_PARAMS_END,
};

/* ---- names ---- */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Whether "cls" is one of "cls;class", and which. */
static bool stands_in(const char *list, const char *name, size_t *place)
{
    for (*place = 0;; list++, (*place)++) {
        const size_t n = strcspn(list, ";");
        if (strlen(name) == n && memcmp(list, name, n) == 0)
            return true;
        list += n;
        if (*list == '\0')
            return false;
    }
}

/* Whether a list's first name is it, or ends in it behind a dot. */
static bool has_ending(const char *list, const char *ending)
{
    const size_t n = strcspn(list, ";"), m = strlen(ending);

    return n >= m && memcmp(list + n - m, ending, m) == 0 && (n == m || list[n - m - 1] == '.');
}

/* What the library's own decoders make of the first of the names. */
static const char *usual(const char *part)
{
    static const struct {
        const char *names, *type;
    } types[] = {{"jpg;jpeg;png", "picture"}, {"cls;cls2;index;inx;id", "uint32"}};
    char first[16] = {0};
    const size_t n = strcspn(part, ";");
    size_t place;

    if (n < sizeof first)
        memcpy(first, part, n);
    for (size_t i = 0; i < 2; i++) {
        if (stands_in(types[i].names, first, &place))
            return types[i].type;
    }
    return "bytes";
}

/* Where a name's dot is, or NULL: WebDataset's ^((?:.*\/|)[^.]+)[.]([^\/]*)$.  Before the dot
 * stands something without dots; of a hidden file its folder. */
static char *find_dot(char *name)
{
    char *slash = strrchr(name, '/');
    char *base = slash != NULL ? slash + 1 : name, *dot = strchr(base, '.');

    if (dot == NULL || dot > base)
        return dot;
    if (slash == NULL)
        return NULL;
    for (base = slash; base > name && base[-1] != '/'; base--)
        ;
    return memchr(base, '.', (size_t)(dot - base)) == NULL ? dot : NULL;
}

/* "__x__" and all in a folder of that name. */
static bool is_meta(const char *name)
{
    const size_t n = strcspn(name, "/");

    return n >= 4 && memcmp(name, "__", 2) == 0 && memcmp(name + n - 2, "__", 2) == 0;
}

/* ---- a sample, at open ---- */

typedef struct sample {
    char key[DP_TAR_NAME];
    bool open;
    char names[MOST_NAMES]; /* of its fields, each with a NUL */
    size_t n_names;
    size_t places[DP_MAX_COLUMNS]; /* which of its names each column has; SIZE_MAX = none */
    dp_piece *pieces;
} sample;

typedef struct looking {
    dp_look *l;
    sample sample;
    dp_error *err;
} looking;

/* "sample 3 of x.tar (KEY) WHY" */
__attribute__((format(printf, 3, 4))) static dp_status fail(const looking *g, dp_status status,
                                                            const char *why, ...)
{
    const dp_shard_file *d = g->l->shard;
    char text[160];
    va_list args;

    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    return dp_fail_record(g->err, status, d->first + d->n - 1, "sample %llu of %.80s (%.60s) %s",
                          (unsigned long long)d->n - 1, d->path, g->sample.key, text);
}

static const char own_names[] = "__key__\0__url__"; /* the library's own fields */

static dp_status lacks(const looking *g, const dp_field *f)
{
    const sample *s = &g->sample;
    char names[80] = {0};
    size_t n = 0;

    for (size_t i = sizeof own_names; i + 1 < s->n_names && n + 1 < sizeof names; i++)
        names[n++] = s->names[i] != '\0' ? s->names[i] : ' ';
    return fail(g, DP_ECORRUPT, "has no %.40s, but %s", f->part, names);
}

/* numpy's file of one; else a number is text. */
static bool is_array(const dp_field *f)
{
    return f->kind == DP_FIELD_NUMBERS && (f->type.rank > 0 || has_ending(f->part, "npy"));
}

/* A number that is written out, with blanks around it: integers, or others for columns of floats.
 */
static bool take_number(const dp_field *f, const char *text, size_t n, void *out, int64_t *value)
{
    static const char blanks[] = " \t\n\r\v\f";
    double number;

    *value = 0;
    while (n > 0 && strchr(blanks, text[n - 1]) != NULL && text[n - 1] != '\0')
        n--;
    while (n > 0 && *text != '\0' && strchr(blanks, *text) != NULL) {
        text++;
        n--;
    }
    if (n > 0 && dp_parse_int(text, n, value))
        return dp_field_store_int(f, out, 0, *value);
    return n > 0 && dp_dtype_is_float(f->type.dtype) && dp_parse_number(text, n, &number) &&
           dp_field_store_float(f, out, 0, number);
}

static dp_status look_at_number(looking *g, uint32_t c, const dp_piece *p)
{
    const dp_field *f = &g->l->shards->fields.field[c];
    uint8_t text[MOST_NUMBER];
    const uint8_t *bytes = text;
    int64_t value;
    uint64_t stored;
    const dp_status status =
        p->size <= MOST_NUMBER ? dp_look_read(g->l, p->at, p->size, text, &bytes, g->err) : DP_OK;

    if (status != DP_OK)
        return status;
    if (p->size > MOST_NUMBER || !take_number(f, (const char *)bytes, p->size, &stored, &value))
        return fail(g, DP_ECORRUPT, "has in %.40s no number of %s", f->part,
                    dp_dtype_name(f->type.dtype));
    dp_look_number(g->l, c, value);
    return DP_OK;
}

/* The piece becomes the elements behind the head of the .npy file. */
static dp_status look_at_array(looking *g, uint32_t c, dp_piece *p)
{
    const dp_field *f = &g->l->shards->fields.field[c];
    const size_t n = p->size < HEAD ? p->size : HEAD, size = dp_tensor_bytes(&f->type);
    uint8_t head[HEAD];
    const uint8_t *bytes;
    dp_tensor type = {0};
    dp_npy npy;
    bool big = false;
    dp_status status = dp_look_read(g->l, p->at, n, head, &bytes, g->err);
    const char *why = status == DP_OK ? dp_npy_parse(bytes, n, &npy) : NULL;

    if (status != DP_OK)
        return status;
    if (why != NULL)
        return fail(g, DP_ECORRUPT, "has in %.40s no array: it %.60s", f->part, why);
    type.rank = npy.rank;
    memcpy(type.shape, npy.shape, sizeof npy.shape);
    if (!dp_npy_dtype(&npy, &type.dtype, &big) || big || (npy.fortran && npy.rank > 1) ||
        !dp_tensor_same_type(&type, &f->type) || p->size - (size_t)(npy.data - bytes) != size)
        return fail(g, DP_ECORRUPT, "has in %.40s an array of another type than %s", f->part,
                    dp_tensor_type(&f->type).text);
    p->at += (uint64_t)(npy.data - bytes);
    p->size = (uint32_t)size;
    dp_look_number(g->l, c, -1); /* its elements are not looked at: any value may come */
    return DP_OK;
}

static dp_status look_at_field(looking *g, uint32_t c)
{
    const dp_field *f = &g->l->shards->fields.field[c];
    dp_piece *p = &g->sample.pieces[c];
    char name[160];

    if (g->sample.places[c] == SIZE_MAX)
        return lacks(g, f);
    if (f->kind == DP_FIELD_NUMBERS)
        return is_array(f) ? look_at_array(g, c, p) : look_at_number(g, c, p);
    snprintf(name, sizeof name, "sample %llu of %.60s (%.60s)",
             (unsigned long long)g->l->shard->n - 1, g->l->shard->path, g->sample.key);
    return dp_look_bytes(g->l, c, p, name, g->err);
}

static dp_status finish(looking *g)
{
    dp_status status = DP_OK;

    for (uint32_t c = 0; g->sample.open && c < g->l->shards->fields.n && status == DP_OK; c++)
        status = look_at_field(g, c);
    g->sample.open = false;
    return status;
}

static dp_status begin(looking *g, const char *key)
{
    sample *s = &g->sample;

    s->pieces = dp_look_add(g->l);
    if (s->pieces == NULL)
        return dp_look_full(g->l, g->err);
    memcpy(s->key, key, strlen(key) + 1);
    memcpy(s->names, own_names, sizeof own_names);
    s->n_names = sizeof own_names;
    for (uint32_t c = 0; c < DP_MAX_COLUMNS; c++)
        s->places[c] = SIZE_MAX;
    s->open = true;
    return DP_OK;
}

static dp_status add_name(looking *g, const char *field)
{
    sample *s = &g->sample;
    const size_t n = strlen(field) + 1;

    for (size_t at = 0; at < s->n_names; at += strlen(s->names + at) + 1) {
        if (strcmp(s->names + at, field) == 0)
            return fail(g, DP_ECORRUPT, "has %.40s twice", field);
    }
    if (n > sizeof s->names - s->n_names)
        return fail(g, DP_ELIMIT, "has fields of more than %zu letters", sizeof s->names);
    memcpy(s->names + s->n_names, field, n);
    s->n_names += n;
    return DP_OK;
}

/* Of names that stand for one column, the one that stands first in the list. */
static dp_status add_field(looking *g, const char *field, const dp_tar_member *m)
{
    const dp_fields *fields = &g->l->shards->fields;
    sample *s = &g->sample;

    for (uint32_t c = 0; c < fields->n; c++) {
        size_t place;
        if (!stands_in(fields->field[c].part, field, &place) || place >= s->places[c])
            continue;
        if (m->size > DP_MAX_SAMPLE_SIZE)
            return fail(g, DP_ELIMIT, "has %.40s of more than %llu bytes", field,
                        (unsigned long long)DP_MAX_SAMPLE_SIZE);
        s->places[c] = place;
        s->pieces[c].at = m->at;
        s->pieces[c].size = (uint32_t)m->size;
    }
    return DP_OK;
}

static dp_status look_at_member(looking *g, dp_tar_member *m)
{
    char *dot = is_meta(m->name) ? NULL : find_dot(m->name), *field;
    dp_status status = DP_OK;

    if (dot == NULL) {
        g->l->shard->n_left_out++;
        return DP_OK;
    }
    *dot = '\0';
    field = dot + 1;
    for (char *c = field; *c != '\0'; c++)
        *c = lower(*c);
    if (g->sample.open && strcmp(g->sample.key, m->name) != 0)
        status = finish(g);
    if (status == DP_OK && !g->sample.open)
        status = begin(g, m->name);
    if (status == DP_OK)
        status = add_name(g, field);
    return status == DP_OK ? add_field(g, field, m) : status;
}

static dp_status look(dp_look *l, dp_error *err)
{
    looking *g = dp_arena_alloc(l->arena, 1, sizeof *g);
    dp_tar_member *m = dp_arena_alloc(l->arena, 1, sizeof *m);
    dp_tar tar;
    dp_status status;

    if (g == NULL || m == NULL)
        return dp_look_full(l, err);
    g->l = l;
    g->err = err;
    status = dp_tar_open(&tar, l->shard->path, &l->shard->blob,
                         l->shard->blob.bytes == NULL ? &l->file : NULL, l->arena, err);
    while (status == DP_OK && (status = dp_tar_next(&tar, m, err)) == DP_OK) {
        status = look_at_member(g, m);
        if (status == DP_OK)
            status = dp_look_progress(l, tar.at, err);
    }
    l->shard->n_left_out += tar.n_others;
    return status == DP_END ? finish(g) : status;
}

/* ---- the reader ---- */

static const dp_shard_format format;

typedef struct state {
    dp_shards shards;
} state;

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const webdataset *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);

    if (s == NULL)
        return dp_arena_fail(arena, err, "webdataset");
    return dp_shards_open(&s->shards, &format, p->file, p->fields, options, arena, out, err);
}

static dp_status read_number(const dp_shard_record *r, uint32_t c, void *out, dp_error *err)
{
    const dp_field *f = &r->shards->fields.field[c];
    const size_t n = r->pieces[c].size;
    char text[MOST_NUMBER];
    int64_t value;
    const dp_status status = n <= MOST_NUMBER ? dp_shard_read(r, c, text, err) : DP_OK;

    if (status != DP_OK)
        return status;
    if (n > MOST_NUMBER || !take_number(f, text, n, out, &value) || !dp_shard_expects(r, c, value))
        return dp_shard_fail(r, err, DP_ESTATE, "changed since it was opened: %.40s", f->part);
    return DP_OK;
}

static dp_status read_array(const dp_shard_record *r, uint32_t c, void *out, dp_error *err)
{
    dp_tensor array = r->shards->fields.field[c].type;
    dp_status status;

    if (r->pieces[c].size != dp_tensor_bytes(&array))
        return dp_shard_fail(r, err, DP_ESTATE, "has no array in its index");
    status = dp_shard_read(r, c, out, err);
    array.data = out;
    if (status == DP_OK)
        dp_tensor_load(&array);
    return status;
}

static dp_status read_field(const dp_shard_record *r, uint32_t c, void *out, dp_error *err)
{
    const dp_field *f = &r->shards->fields.field[c];

    if (f->kind != DP_FIELD_NUMBERS)
        return dp_shard_read(r, c, out, err);
    return is_array(f) ? read_array(r, c, out, err) : read_number(r, c, out, err);
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const dp_shards *s = &((const state *)state_)->shards;
    dp_shard_record r;
    dp_status status = dp_shard_enter(s, record, &r, err);

    if (status != DP_OK)
        return status;
    for (uint32_t c = 0; c < s->fields.n && status == DP_OK; c++)
        status = read_field(&r, c, columns[c], err);
    *(int64_t *)columns[s->fields.n] = (int64_t)record;
    dp_shard_leave(&r);
    return status;
}

const dp_reader dp_reader_webdataset = {
    .info = {"reader", "webdataset", "tar archives of samples: WebDataset's", 1, sizeof(webdataset),
             params},
    .open = open_source,
    .read = read_record,
    .ahead = dp_shards_ahead,
    .shape = dp_shards_shape,
    .unchanged = dp_shards_unchanged,
    .close = dp_shards_close,
};

static const dp_shard_format format = {
    .info = &dp_reader_webdataset.info,
    .record = "sample",
    .usual = usual,
    .look = look,
};
