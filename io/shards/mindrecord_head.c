/* mindrecord_head.c - what a MindRecord file says of itself, and where its rows lie
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * SQLite reads both the JSON and the .db.  That is untrusted: it is read from memory, so that
 * nothing beside it is opened or locked; no view, trigger or function of it is run.
 */
#include "io/shards/mindrecord.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/sniff.h"
#include "base/status.h"
#include "base/tensor.h"

#define MOST_PAGE ((uint64_t)1 << 28) /* bytes: MindSpore's own limit */

/* A statement under way. */
typedef struct query {
    sqlite3 *db;
    sqlite3_stmt *statement;
    const char *path; /* for messages */
    dp_error *err;
} query;

static dp_status damaged(const query *q, const char *what)
{
    return dp_fail(q->err, DP_ECORRUPT, "%.120s: %s", q->path, what);
}

static dp_status sql_failed(const query *q, int code)
{
    if (code == SQLITE_NOMEM)
        return dp_fail(q->err, DP_ENOMEM, "out of memory for %.120s", q->path);
    return dp_fail(q->err, DP_ECORRUPT, "%.100s is damaged: %.80s", q->path, sqlite3_errmsg(q->db));
}

/* ?1 is the text, if there is one. */
static dp_status begin(query *q, const char *sql, const char *text, size_t n)
{
    int code = sqlite3_prepare_v2(q->db, sql, -1, &q->statement, NULL);

    if (code == SQLITE_OK && text != NULL)
        code = sqlite3_bind_text(q->statement, 1, text, (int)n, SQLITE_STATIC);
    return code == SQLITE_OK ? DP_OK : sql_failed(q, code);
}

/* DP_OK with a row, DP_END behind the last. */
static dp_status next(const query *q)
{
    const int code = sqlite3_step(q->statement);

    return code == SQLITE_ROW ? DP_OK : code == SQLITE_DONE ? DP_END : sql_failed(q, code);
}

/* DP_OK for DP_END, too. */
static dp_status end(query *q, dp_status status)
{
    sqlite3_finalize(q->statement);
    q->statement = NULL;
    return status == DP_END ? DP_OK : status;
}

static bool take_number(const query *q, int column, uint64_t *out)
{
    const sqlite3_int64 value = sqlite3_column_int64(q->statement, column);

    *out = (uint64_t)value;
    return sqlite3_column_type(q->statement, column) == SQLITE_INTEGER && value >= 0;
}

/* Until the next row; NULL when it is not a text, or has a NUL in it. */
static const char *take_text(const query *q, int column)
{
    const char *text = NULL;

    if (sqlite3_column_type(q->statement, column) == SQLITE_TEXT)
        text = (const char *)sqlite3_column_text(q->statement, column);
    return text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(q->statement, column)
               ? text
               : NULL;
}

static uint64_t hash_column(const query *q, int column)
{
    const void *bytes = sqlite3_column_blob(q->statement, column);
    return bytes == NULL ? 0 : dp_hash64(bytes, (size_t)sqlite3_column_bytes(q->statement, column));
}

/* ---- the JSON ---- */

/* Of an open file, with its JSON. */
typedef struct head {
    query q;
    const dp_file *file;
    const char *json;
    size_t n;
    dp_arena *arena;
    dp_mindrecord *out;
} head;

static dp_status take_fixed(head *h)
{
    static const char sql[] =
        "SELECT json_extract(?1, '$.header_size'), json_extract(?1, '$.page_size'), "
        "json_extract(?1, '$.version'), json_extract(?1, '$.shard_id'), "
        "json_array_length(?1, '$.shard_addresses'), json_array_length(?1, '$.page'), "
        "json_array_length(?1, '$.schema'), json_array_length(?1, '$.schema[0].blob_fields'), "
        "json_extract(?1, '$.shard_addresses'), json_extract(?1, '$.schema'), "
        "json_extract(?1, '$.shard_addresses[' || json_extract(?1, '$.shard_id') || ']')";
    dp_mindrecord *m = h->out;
    const query *q = &h->q;
    const char *version, *name;
    uint64_t n_schemas;
    dp_status status = begin(&h->q, sql, h->json, h->n);

    if (status == DP_OK)
        status = next(q);
    if (status != DP_OK)
        return end(&h->q, status);
    version = take_text(q, 2);
    name = take_text(q, 10);
    m->set = hash_column(q, 8);
    m->schema = hash_column(q, 9);
    if (!take_number(q, 0, &m->header_size) || !take_number(q, 1, &m->page_size) ||
        !take_number(q, 3, &m->shard) || !take_number(q, 4, &m->n_shards) ||
        !take_number(q, 5, &m->n_pages) || !take_number(q, 6, &n_schemas) ||
        !take_number(q, 7, &m->n_blobs) || version == NULL || name == NULL)
        status = damaged(q, "its header lacks what one of MindRecord has");
    else if (strcmp(version, "3.0") != 0)
        status = dp_fail(q->err, DP_ECORRUPT, "%.100s is of version %.20s: 3.0 is read", q->path,
                         version);
    else if (n_schemas != 1 || m->header_size < 8 + h->n || m->page_size == 0 ||
             m->page_size > MOST_PAGE)
        status = damaged(q, "its header has numbers that cannot be");
    else if (m->header_size > h->file->size)
        status =
            dp_fail(q->err, DP_ECORRUPT, "%.100s is cut: it has %llu bytes, its header %llu",
                    q->path, (unsigned long long)h->file->size, (unsigned long long)m->header_size);
    m->name = status == DP_OK ? dp_arena_text(h->arena, name, strlen(name)) : "";
    if (m->name == NULL)
        status = dp_arena_fail(h->arena, q->err, "a name");
    return end(&h->q, status);
}

static bool take_page(const head *h, dp_mindrecord_page *p, uint64_t *number)
{
    const query *q = &h->q;
    const char *type = take_text(q, 1);
    uint64_t from, to;

    if (!take_number(q, 0, number) || !take_number(q, 2, &p->used) ||
        !take_number(q, 3, &p->group) || !take_number(q, 4, &from) || !take_number(q, 5, &to) ||
        type == NULL || *number >= h->out->n_pages || p->used > h->out->page_size)
        return false;
    p->there = true;
    p->blob = strcmp(type, "BLOB_DATA") == 0;
    p->n_rows = p->blob ? to - from : 0;
    return (p->blob || strcmp(type, "RAW_DATA") == 0) && to >= from && p->n_rows <= p->used / 8;
}

static dp_status take_pages(head *h)
{
    static const char sql[] =
        "SELECT json_extract(value, '$.page_id'), json_extract(value, '$.page_type'), "
        "json_extract(value, '$.page_size'), json_extract(value, '$.page_type_id'), "
        "json_extract(value, '$.start_row_id'), json_extract(value, '$.end_row_id') "
        "FROM json_each(?1, '$.page')";
    dp_mindrecord *m = h->out;
    dp_status status = begin(&h->q, sql, h->json, h->n);

    while (status == DP_OK && (status = next(&h->q)) == DP_OK) {
        dp_mindrecord_page p;
        uint64_t number = 0;
        if (!take_page(h, &p, &number) || m->pages[number].there)
            status = damaged(&h->q, "its header has a page that cannot be");
        else if (number > (h->file->size - m->header_size) / m->page_size ||
                 p.used > h->file->size - m->header_size - number * m->page_size)
            status =
                dp_fail(h->q.err, DP_ECORRUPT,
                        "%.100s is cut: it has %llu bytes, and page %llu is beyond them", h->q.path,
                        (unsigned long long)h->file->size, (unsigned long long)number);
        if (status == DP_OK) {
            m->pages[number] = p;
            m->n_rows += p.n_rows;
        }
    }
    return end(&h->q, status);
}

/* "[-1,2]": the first size may be free.  False: it is none of an array that is read. */
static bool take_shape(const char *text, dp_tensor *type)
{
    int used = 0;

    if (*text++ != '[')
        return false;
    for (bool more = *text != ']'; more; text++) {
        long long size;
        if (type->rank == DP_MAX_RANK - 1 || sscanf(text, "%9lld%n", &size, &used) != 1 ||
            (size < 1 && !(size == -1 && type->rank == 0)))
            return false;
        type->shape[type->rank++] = size < 0 ? 0 : size;
        text += used;
        more = *text == ',';
        if (!more)
            break;
    }
    return strcmp(text, "]") == 0 && type->rank > 0;
}

/* What MindSpore's schemas have: a type, and the shape of an array. */
static dp_status take_column(const head *h, dp_mindrecord_column *c)
{
    static const struct {
        const char *name;
        dp_dtype dtype; /* of texts that of a byte */
    } types[] = {{"int32", DP_I32},   {"int64", DP_I64}, {"float32", DP_F32},
                 {"float64", DP_F64}, {"string", DP_U8}, {"bytes", DP_U8}};
    const query *q = &h->q;
    const char *name = take_text(q, 0), *type = take_text(q, 1), *shape = take_text(q, 2);
    const bool is_blob = sqlite3_column_type(q->statement, 3) == SQLITE_INTEGER;
    size_t t = 0;

    while (type != NULL && t < 6 && strcmp(types[t].name, type) != 0)
        t++;
    if (name == NULL || type == NULL || t == 6)
        return damaged(q, "its schema has a type that is not read");
    c->name = dp_arena_text(h->arena, name, strlen(name));
    if (c->name == NULL)
        return dp_arena_fail(h->arena, q->err, "a name");
    c->text = t >= 4;
    c->type.dtype = types[t].dtype;
    c->blob = is_blob ? sqlite3_column_int(q->statement, 3) : -1;
    if (shape != NULL && (c->text || !take_shape(shape, &c->type)))
        return dp_fail(q->err, DP_ECORRUPT, "%.90s: column %.40s has a shape that is not read",
                       q->path, c->name);
    if (is_blob != (t == 5 || shape != NULL))
        return damaged(q, "its schema has a column where none of its type lies");
    c->packed = is_blob && t < 2;
    return DP_OK;
}

static dp_status take_columns(head *h)
{
    static const char sql[] =
        "SELECT a.key, json_extract(a.value, '$.type'), json_extract(a.value, '$.shape'), "
        "(SELECT b.key FROM json_each(?1, '$.schema[0].blob_fields') b WHERE b.value = a.key) "
        "FROM json_each(?1, '$.schema[0].schema') a";
    dp_mindrecord *m = h->out;
    uint64_t n_blobs = 0;
    dp_status status = begin(&h->q, sql, h->json, h->n);

    while (status == DP_OK && (status = next(&h->q)) == DP_OK) {
        if (m->n_columns == DP_MINDRECORD_COLUMNS)
            status = dp_fail(h->q.err, DP_ELIMIT, "%.100s has more than %d columns", h->q.path,
                             DP_MINDRECORD_COLUMNS);
        else
            status = take_column(h, &m->columns[m->n_columns]);
        if (status == DP_OK)
            n_blobs += m->columns[m->n_columns++].blob >= 0;
    }
    status = end(&h->q, status);
    return status == DP_OK && (n_blobs != m->n_blobs || m->n_columns == 0)
               ? damaged(&h->q, "its schema has a column where none of its type lies")
               : status;
}

static dp_status take_head(head *h)
{
    dp_mindrecord *m = h->out;
    dp_status status = take_fixed(h);

    if (status != DP_OK)
        return status;
    m->pages = dp_arena_alloc(h->arena, (size_t)m->n_pages + 1, sizeof *m->pages);
    if (m->pages == NULL)
        return dp_arena_fail(h->arena, h->q.err, "pages");
    status = take_pages(h);
    return status == DP_OK ? take_columns(h) : status;
}

static dp_status not_one(const head *h)
{
    return dp_fail(h->q.err, DP_ECORRUPT, "%.120s is not a MindRecord file%s", h->q.path,
                   dp_sniff_file(h->file).text);
}

static dp_status read_json(head *h, dp_arena *arena)
{
    uint8_t size[8];
    char *text;
    size_t got;
    int error = dp_file_read_at(h->file, 0, size, sizeof size, &got);
    const uint64_t n = dp_load_le(size, 8);

    if (error == 0 && (got < sizeof size || n < 2 || n > h->file->size - 8))
        return not_one(h);
    if (error == 0 && n > DP_MINDRECORD_HEADER)
        return dp_fail(h->q.err, DP_ELIMIT, "%.100s has a header of more than %llu bytes",
                       h->q.path, (unsigned long long)DP_MINDRECORD_HEADER);
    text = error == 0 ? dp_arena_alloc(arena, (size_t)n + 1, 1) : NULL;
    if (error == 0 && text == NULL)
        return dp_arena_fail(arena, h->q.err, "a header");
    if (error == 0)
        error = dp_file_read_at(h->file, 8, text, (size_t)n, &got);
    if (error != 0)
        return dp_fail(h->q.err, DP_EIO, "%.120s cannot be read: %s", h->q.path,
                       dp_file_why(h->file, error));
    h->json = text;
    h->n = got;
    return text[0] == '{' ? DP_OK : not_one(h);
}

dp_status dp_mindrecord_open(const dp_file *file, const char *path, dp_arena *arena,
                             dp_mindrecord *out, dp_error *err)
{
    dp_arena while_reading = dp_arena_within(arena);
    head h = {.q = {.path = path, .err = err}, .file = file, .arena = arena, .out = out};
    dp_status status;
    int code;

    *out = (dp_mindrecord){0};
    status = read_json(&h, &while_reading);
    if (status == DP_OK) {
        code =
            sqlite3_open_v2(":memory:", &h.q.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        status = code == SQLITE_OK ? take_head(&h) : sql_failed(&h.q, code);
        sqlite3_close(h.q.db);
    }
    dp_arena_free(&while_reading);
    return status;
}

/* ---- the .db ---- */

/* Two tables may be read, and nothing run. */
static int allow(void *ctx, int action, const char *what, const char *b, const char *c,
                 const char *d)
{
    (void)ctx, (void)b, (void)c, (void)d;
    return action == SQLITE_SELECT ||
                   (action == SQLITE_READ && what != NULL &&
                    (strcmp(what, "INDEXES") == 0 || strcmp(what, "SHARD_NAME") == 0))
               ? SQLITE_OK
               : SQLITE_DENY;
}

static dp_status open_index(query *q, uint8_t *bytes, uint64_t size)
{
    int code =
        sqlite3_open_v2(":memory:", &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK)
        return sql_failed(q, code);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_limit(q->db, SQLITE_LIMIT_ATTACHED, 0);
    code = sqlite3_exec(q->db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_deserialize(q->db, "main", bytes, (sqlite3_int64)size, (sqlite3_int64)size,
                                   SQLITE_DESERIALIZE_READONLY);
    if (code == SQLITE_OK)
        code = sqlite3_set_authorizer(q->db, allow, NULL);
    return code == SQLITE_OK ? DP_OK : sql_failed(q, code);
}

/* It says whose index it is. */
static dp_status check_name(query *q, const dp_mindrecord *m)
{
    dp_status status = begin(q, "SELECT NAME FROM SHARD_NAME", NULL, 0);
    const char *name;

    if (status == DP_OK)
        status = next(q);
    name = status == DP_OK ? take_text(q, 0) : NULL;
    if (status == DP_END || (status == DP_OK && (name == NULL || strcmp(name, m->name) != 0)))
        status = dp_fail(q->err, DP_ECORRUPT,
                         "%.90s is the index of another file: that was written as '%.40s'", q->path,
                         m->name);
    return end(q, status);
}

/* Where a part of a row is, of a page of its kind. */
static bool take_part(const query *q, const dp_mindrecord *m, int column, bool blob, uint64_t *at,
                      uint32_t *size)
{
    uint64_t number, from, to;

    if (!take_number(q, column, &number) || !take_number(q, column + 1, &from) ||
        !take_number(q, column + 2, &to) || number >= m->n_pages || !m->pages[number].there ||
        m->pages[number].blob != blob || to > m->pages[number].used || from > to || to - from < 8)
        return false;
    *at = m->header_size + number * m->page_size + from;
    *size = (uint32_t)(to - from);
    return true;
}

static dp_status take_row(const query *q, const dp_mindrecord *m, dp_mindrecord_row *rows)
{
    dp_mindrecord_row row = {0};
    uint64_t number, page, group;

    if (!take_number(q, 0, &number) || number >= m->n_rows || rows[number].raw_size != 0)
        return damaged(q, "it has a row that the file has not, or one twice");
    if (!take_part(q, m, 1, false, &row.raw, &row.raw_size) ||
        !take_part(q, m, 4, true, &row.blob, &row.blob_size) || !take_number(q, 4, &page) ||
        !take_number(q, 7, &group) || m->pages[page].group != group)
        return dp_fail_record(q->err, DP_ECORRUPT, number,
                              "record %llu of %.100s lies where no page has a row",
                              (unsigned long long)number, q->path);
    rows[number] = row;
    return DP_OK;
}

static dp_status take_rows(query *q, const dp_mindrecord *m, dp_mindrecord_row *rows)
{
    static const char sql[] =
        "SELECT ROW_ID, PAGE_ID_RAW, PAGE_OFFSET_RAW, PAGE_OFFSET_RAW_END, PAGE_ID_BLOB, "
        "PAGE_OFFSET_BLOB, PAGE_OFFSET_BLOB_END, ROW_GROUP_ID FROM INDEXES NOT INDEXED";
    uint64_t n = 0;
    dp_status status = begin(q, sql, NULL, 0);

    while (status == DP_OK && (status = next(q)) == DP_OK) {
        status = take_row(q, m, rows);
        n++;
    }
    status = end(q, status);
    return status == DP_OK && n != m->n_rows
               ? dp_fail(q->err, DP_ECORRUPT, "%.100s has %llu rows: its file has %llu", q->path,
                         (unsigned long long)n, (unsigned long long)m->n_rows)
               : status;
}

static dp_status read_index(query *q, const dp_mindrecord *m, dp_opener *opener, dp_arena *arena,
                            dp_mindrecord_row *rows)
{
    uint8_t *bytes;
    dp_file file;
    dp_status status = dp_opener_open(opener, q->path, &file, q->err);

    if (status != DP_OK)
        return status;
    if (file.size > DP_MINDRECORD_INDEX)
        status = dp_fail(q->err, DP_ELIMIT, "%.100s has more than %llu bytes", q->path,
                         (unsigned long long)DP_MINDRECORD_INDEX);
    else
        status = dp_file_read_whole(&file, q->path, arena, NULL, &bytes, q->err);
    if (status == DP_OK && (file.size < 16 || memcmp(bytes, "SQLite format 3", 16) != 0))
        status = damaged(q, "it is not the index of a MindRecord file");
    if (status == DP_OK)
        status = open_index(q, bytes, file.size);
    dp_file_close(&file);
    if (status == DP_OK)
        status = check_name(q, m);
    if (status == DP_OK)
        status = take_rows(q, m, rows);
    sqlite3_close(q->db);
    return status;
}

dp_status dp_mindrecord_rows(const dp_mindrecord *m, const char *path, dp_opener *opener,
                             dp_arena *arena, dp_mindrecord_row **out, dp_error *err)
{
    dp_arena while_reading = dp_arena_within(arena);
    const size_t size = strlen(path) + sizeof ".db";
    char *name = dp_arena_alloc(&while_reading, size, 1);
    query q = {.path = name, .err = err};
    dp_status status;

    *out = dp_arena_alloc(arena, (size_t)m->n_rows + 1, sizeof **out);
    if (name == NULL || *out == NULL) {
        status = dp_arena_fail(name == NULL ? &while_reading : arena, err, "an index");
    } else {
        snprintf(name, size, "%s.db", path);
        status = read_index(&q, m, opener, &while_reading, *out);
    }
    dp_arena_free(&while_reading);
    return status;
}
