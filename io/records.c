/* records.c - records of a fixed size in any file
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A record is its fields one after another, without gaps; a field called _ is passed over.  Files
 * of tokens, of other trainers, of instruments.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/number/num.h"
#include "base/sniff.h"
#include "base/tensor.h"
#include "io/source.h"

#define MOST_FIELDS 32

typedef struct records {
    const char *file, *fields;
    int64_t header;
    int32_t byte_order;
} records;

enum { LITTLE, BIG };

static const dp_param params[] = {
    DP_TEXT(records, file, NULL, "the file"),
    DP_TEXT(records, fields, NULL, "name:dtype:size:size... of each, joined by commas"),
    DP_INT(records, header, "0", 0, 9e15, "bytes before the first record"),
    DP_CHOICE(records, byte_order, "little", "little,big", "of the numbers in the file"),
    DP_PARAMS_END,
};

typedef struct field {
    dp_tensor type;
    size_t bytes;
    int32_t column; /* -1 = passed over */
} field;

typedef struct state {
    const records *params;
    dp_file file;
    const char *path;
    uint64_t record_size, n_records;
    field fields[MOST_FIELDS];
    uint32_t n_fields;
    int32_t id; /* its column */
} state;

/* ---- the fields' text ---- */

static dp_status bad_field(const char *text, size_t length, const char *why, dp_error *err)
{
    return dp_fail(err, DP_ESPEC, "field '%.*s' %s", length > 40 ? 40 : (int)length, text, why);
}

static bool take_dtype(const char *text, size_t length, dp_dtype *out)
{
    for (int d = DP_U8; d <= DP_F64; d++) {
        const char *name = dp_dtype_name((dp_dtype)d);
        if (d != DP_BOOL && strlen(name) == length && memcmp(name, text, length) == 0) {
            *out = (dp_dtype)d;
            return true;
        }
    }
    return false;
}

/* "name:dtype:2:3" */
static dp_status parse_field(const char *text, size_t length, field *f, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const size_t name = strcspn(text, ":,"), type = name + 1;
    size_t at;

    if (name == 0 || name >= length)
        return bad_field(text, length, "is not name:dtype", err);
    at = type + strcspn(text + type, ":,");
    if (!take_dtype(text + type, at - type, &f->type.dtype))
        return bad_field(text, length, "has no such dtype (uint8, int32, float32, ...)", err);
    while (at < length) {
        const size_t digits = strcspn(text + at + 1, ":,");
        int64_t size;
        if (f->type.rank == DP_MAX_RANK - 1 || !dp_parse_int(text + at + 1, digits, &size) ||
            size < 1)
            return bad_field(text, length, "has sizes that are not numbers from 1 on, or too many",
                             err);
        f->type.shape[f->type.rank++] = size;
        at += 1 + digits;
    }
    if (!dp_tensor_fits(&f->type))
        return bad_field(text, length, "is too large", err);
    f->bytes = dp_tensor_bytes(&f->type);
    f->column = name == 1 && text[0] == '_' ? -1 : (int32_t)out->n_columns;
    return f->column < 0 ? DP_OK : dp_source_add(out, text, name, &f->type, arena, err);
}

static dp_status parse_fields(state *s, dp_arena *arena, dp_source *out, dp_error *err)
{
    const dp_tensor id = {.dtype = DP_I64};

    for (const char *text = s->params->fields;; text++) {
        const size_t length = strcspn(text, ",");
        dp_status status;
        if (s->n_fields == MOST_FIELDS)
            return dp_fail(err, DP_ELIMIT, "at most %d fields", MOST_FIELDS);
        status = parse_field(text, length, &s->fields[s->n_fields], arena, out, err);
        if (status != DP_OK)
            return status;
        s->record_size += s->fields[s->n_fields++].bytes;
        text += length;
        if (*text == '\0')
            break;
    }
    s->id = (int32_t)out->n_columns;
    return dp_source_add(out, "id", 2, &id, arena, err);
}

/* ---- the file ---- */

static dp_status count_records(state *s, dp_error *err)
{
    const uint64_t header = (uint64_t)s->params->header;
    const uint64_t left = s->file.size < header ? 0 : s->file.size - header;

    s->n_records = left / s->record_size;
    if (s->file.size < header || left % s->record_size != 0)
        return dp_fail_record(err, DP_ECORRUPT, s->n_records,
                              "%.100s has %llu bytes%s: expected %llu and records of %llu", s->path,
                              (unsigned long long)s->file.size, dp_sniff_file(&s->file).text,
                              (unsigned long long)header, (unsigned long long)s->record_size);
    return DP_OK;
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const records *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "records");
    s->params = p;
    s->path = dp_path_join(arena, options->root, p->file);
    if (s->path == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = parse_fields(s, arena, out, err);
    if (status == DP_OK)
        status = dp_opener_open(&out->opener, s->path, &s->file, err);
    if (status != DP_OK)
        return status;
    status = count_records(s, err);
    if (status != DP_OK)
        dp_file_close(&s->file);
    out->n_records = s->n_records;
    out->columns[s->id].limit = s->n_records;
    out->stamp = dp_stamp_add(dp_hash64(p->fields, strlen(p->fields)), s->file.stamp);
    out->stamp = dp_stamp_add(out->stamp, (uint64_t)p->header << 1 | (p->byte_order == LITTLE));
    out->state = s;
    return status;
}

static dp_status unchanged(void *state_, bool accept, dp_error *err)
{
    state *s = state_;
    return dp_file_unchanged(&s->file, s->path, accept, err);
}

static void close_source(void *state_) { dp_file_close(&((state *)state_)->file); }

static dp_status read_field(const state *s, uint64_t record, uint64_t at, const field *f, void *out,
                            dp_error *err)
{
    const uint16_t one = 1;
    const bool file_is_little = s->params->byte_order == LITTLE;
    const size_t size = dp_dtype_size(f->type.dtype);
    const dp_stretch from = {&s->file, s->path, at, f->bytes};
    const dp_status status = dp_source_bytes(&from, record, out, err);

    if (status != DP_OK)
        return status;
    if (size > 1 && file_is_little != (*(const uint8_t *)&one == 1))
        dp_turn(out, f->bytes, size);
    return DP_OK;
}

static bool ahead(const void *state_, uint64_t record, const dp_when *when)
{
    const state *s = state_;

    return dp_file_ahead(&s->file, (uint64_t)s->params->header + record * s->record_size,
                         s->record_size, when);
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    uint64_t at = (uint64_t)s->params->header + record * s->record_size;
    dp_status status = DP_OK;

    for (uint32_t i = 0; i < s->n_fields && status == DP_OK; i++) {
        const field *f = &s->fields[i];
        if (f->column >= 0)
            status = read_field(s, record, at, f, columns[f->column], err);
        at += f->bytes;
    }
    *(int64_t *)columns[s->id] = (int64_t)record;
    return status;
}

const dp_reader dp_reader_records = {
    .info = {"reader", "records", "records of a fixed size in any file", 1, sizeof(records),
             params},
    .open = open_source,
    .read = read_record,
    .ahead = ahead,
    .unchanged = unchanged,
    .close = close_source,
};
