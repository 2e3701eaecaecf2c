/* own.c - readers of the program that opens the pipeline, given in dp_options.readers
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A row of io/list.def is written by hand; this one is made at open, around the caller's functions.
 * What comes back from them is checked as a file is: statuses, words, values above their limit.
 */
#include "io/own.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/tensor.h"
#include "io/identity.h"
#include "io/source.h"

#define MOST_RECORDS ((uint64_t)1 << 48)

/* The row and its parameters: what the program said. */
typedef struct own {
    dp_reader row;
    dp_own_reader given;
    const dp_source *source; /* that open made */
} own;

/* ---- what a program may say ---- */

static bool is_name(const char *name)
{
    const size_t n = name != NULL ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

    return n > 0 && n <= DP_MAX_NAME && name[n] == '\0' && name[0] >= 'a';
}

static dp_status check_column(const char *reader, const dp_column *c, dp_error *err)
{
    char what[160];
    dp_status status;

    snprintf(what, sizeof what, "reader %s: column '%.40s'", reader, c->name);
    status = dp_tensor_check(&c->type, what, err);
    if (status == DP_OK && c->limit != 0 && !dp_dtype_is_integer(c->type.dtype))
        return dp_fail(err, DP_EINVAL, "%s has a limit, and is %s: limits are of integers", what,
                       dp_dtype_name(c->type.dtype));
    return status;
}

/* "reader x: column 'y' has ..." */
static dp_status refuse(const dp_own_reader *r, size_t column, const char *what, dp_error *err)
{
    return dp_fail(err, DP_EINVAL, "reader %s: column '%.40s' %s", r->name, r->columns[column].name,
                   what);
}

static bool are_bounds(const int64_t *least, const int64_t *most, int32_t n, int64_t from)
{
    for (int32_t d = 0; d < n; d++) {
        if (least[d] < from || least[d] > most[d])
            return false;
    }
    return true;
}

/* What differs from record to record. */
static dp_status check_bounds(const dp_own_reader *r, size_t column, dp_error *err)
{
    const dp_tensor *type = &r->columns[column].type;
    const int64_t *least = r->least != NULL ? r->least[column] : NULL;
    const int64_t *p = r->pictures != NULL ? r->pictures[column] : NULL;
    dp_tensor picture = {.dtype = DP_U8, .rank = 3};

    if (least != NULL && !are_bounds(least, type->shape, type->rank, 0))
        return refuse(r, column, "has a least size below 0 or above the most", err);
    if (least != NULL && r->shape == NULL)
        return refuse(r, column, "has least sizes, but there is no shape", err);
    if (p != NULL)
        memcpy(picture.shape, p + 3, 3 * sizeof *p);
    if (p != NULL && (type->dtype != DP_U8 || type->rank != 1 || !are_bounds(p, p + 3, 3, 1) ||
                      !dp_tensor_fits(&picture) || dp_tensor_bytes(&picture) > DP_MAX_SAMPLE_SIZE))
        return refuse(r, column, "holds no files of pictures: uint8 of rank 1, and sizes from 1",
                      err);
    return DP_OK;
}

static dp_status check_own(const dp_own_reader *r, dp_error *err)
{
    dp_status status = DP_OK;

    if (!is_name(r->name))
        return dp_fail(err, DP_EINVAL, "dp_options.readers: '%.40s' is not a name: a-z, 0-9, _",
                       r->name != NULL ? r->name : "NULL");
    if (r->read == NULL || r->columns == NULL || r->columns[0].name == NULL)
        return dp_fail(err, DP_EINVAL, "reader %s: there is no %s", r->name,
                       r->read == NULL ? "read" : "column");
    if (r->n_records > MOST_RECORDS)
        return dp_fail(err, DP_ELIMIT, "reader %s: %llu records are more than 2^48", r->name,
                       (unsigned long long)r->n_records);
    for (size_t c = 0; r->columns[c].name != NULL && status == DP_OK; c++) {
        status = check_column(r->name, &r->columns[c], err);
        if (status == DP_OK)
            status = check_bounds(r, c, err);
    }
    return status;
}

static bool is_taken(const dp_own_reader *const *readers, size_t i, const char *name,
                     const dp_stage_info *const *table, size_t n)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(readers[k]->name, name) == 0)
            return true;
    }
    for (size_t k = 0; k < n; k++) {
        if (strcmp(table[k]->name, name) == 0)
            return true;
    }
    return false;
}

dp_status dp_own_check(const dp_options *options, const dp_stage_info *const *table, size_t n,
                       dp_error *err)
{
    const dp_own_reader *const *readers = options->readers;
    dp_own_reader given;
    dp_status status = DP_OK;

    for (size_t i = 0; readers != NULL && readers[i] != NULL && status == DP_OK; i++) {
        status = dp_struct_take(readers[i], "dp_own_reader", sizeof given, &given, err);
        if (status == DP_OK)
            status = check_own(&given, err);
        if (status == DP_OK && is_taken(readers, i, given.name, table, n))
            status = dp_fail(err, DP_EINVAL,
                             "dp_options.readers: there is a stage '%s' already: name it otherwise",
                             given.name);
    }
    return status;
}

/* ---- the reader ---- */

/* Copies of what is known of a column's records. */
static dp_status take_bounds(const dp_own_reader *r, dp_source *out, uint32_t c, dp_arena *arena,
                             dp_error *err)
{
    const int64_t *least = r->least != NULL ? r->least[c] : NULL;
    const int64_t *p = r->pictures != NULL ? r->pictures[c] : NULL;
    const dp_tensor *type = &out->columns[c].type;
    const size_t bytes = (size_t)type->rank * sizeof *least;
    int64_t *sizes = dp_arena_alloc(arena, DP_MAX_RANK, sizeof *sizes);
    dp_pictures *pictures = dp_arena_alloc(arena, 1, sizeof *pictures);

    if (sizes == NULL || pictures == NULL)
        return dp_arena_fail(arena, err, "a column");
    if (least != NULL && memcmp(least, type->shape, bytes) != 0)
        out->least[c] = memcpy(sizes, least, bytes);
    if (p != NULL) {
        memcpy(pictures->least, p, sizeof pictures->least);
        memcpy(pictures->most, p + 3, sizeof pictures->most);
        out->pictures[c] = pictures;
    }
    return DP_OK;
}

static dp_status open_source(const void *params, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    own *o = (own *)(uintptr_t)params;
    dp_status status = DP_OK;

    (void)options;
    for (const dp_column *c = o->given.columns; c->name != NULL && status == DP_OK; c++) {
        status = dp_source_add(out, c->name, strlen(c->name), &c->type, arena, err);
        if (status == DP_OK && c->limit != 0)
            out->columns[out->n_columns - 1].limit = c->limit;
        if (status == DP_OK)
            status = take_bounds(&o->given, out, out->n_columns - 1, arena, err);
    }
    out->n_records = o->given.n_records;
    out->state = o;
    o->source = out;
    return status;
}

/* Whether the program says sizes that are within the bounds; what it says is brought into them, so
 * that nothing is read past its memory. */
static bool take_shape(const own *o, uint64_t record, uint32_t column, int64_t *shape)
{
    const dp_tensor *type = &o->source->columns[column].type;
    const int64_t *least = o->source->least[column];
    bool known = true;

    o->given.shape(o->given.ctx, record, column, shape);
    for (int32_t d = 0; d < type->rank; d++) {
        if (shape[d] >= least[d] && shape[d] <= type->shape[d])
            continue;
        shape[d] = least[d];
        known = false;
    }
    return known;
}

static void shape_of(const void *state, uint64_t record, uint32_t column, int64_t *shape)
{
    (void)take_shape(state, record, column, shape);
}

/* The type of a column of a record. */
static dp_status take_type(const own *o, uint64_t record, uint32_t column, dp_tensor *type,
                           dp_error *err)
{
    *type = o->source->columns[column].type;
    if (o->source->least[column] == NULL || take_shape(o, record, column, type->shape))
        return DP_OK;
    return dp_fail_record(err, DP_ECORRUPT, record,
                          "record %llu: the shape of %s is not within those of the column",
                          (unsigned long long)record, o->source->columns[column].name);
}

/* What transforms rely on: they cannot fail. */
static dp_status check_values(const own *o, uint64_t record, void *const columns[], dp_error *err)
{
    for (uint32_t c = 0; c < o->source->n_columns; c++) {
        const dp_column *column = &o->source->columns[c];
        dp_tensor type;
        const dp_status status = take_type(o, record, c, &type, err);
        const size_t n = column->limit != 0 ? (size_t)dp_tensor_count(&type) : 0;
        if (status != DP_OK)
            return status;
        for (size_t i = 0; i < n; i++) {
            const int64_t value = dp_load_int(columns[c], column->type.dtype, i);
            if (value < 0 || (uint64_t)value >= column->limit)
                return dp_fail_record(err, DP_ECORRUPT, record,
                                      "record %llu: %s is %lld: its limit is %llu",
                                      (unsigned long long)record, column->name, (long long)value,
                                      (unsigned long long)column->limit);
        }
    }
    return DP_OK;
}

static dp_status read_record(const void *state, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const own *o = state;
    dp_error why = {.status = DP_OK};
    const dp_status status = o->given.read(o->given.ctx, record, columns, &why);

    if (status == DP_OK)
        return check_values(o, record, columns, err);
    why.message[sizeof why.message - 1] = '\0';
    return dp_fail_record(err, status < DP_ECANCEL || status > DP_OK ? DP_EIO : status, record,
                          "record %llu: %s", (unsigned long long)record,
                          why.message[0] != '\0' ? why.message : "it cannot be read");
}

/* Two sets of columns on one file are two data sets. */
static void identify(const void *state, uint8_t digest[16])
{
    const own *o = state;
    dp_hash h;

    dp_identity_start(&h, o->source->n_records, o->source->columns, o->source->n_columns, 0);
    for (uint32_t c = 0; c < o->source->n_columns; c++) {
        dp_tensor type = o->source->columns[c].type;
        dp_hash_type(&h, &type);
        if (o->source->least[c] == NULL)
            continue;
        memcpy(type.shape, o->source->least[c], (size_t)type.rank * sizeof type.shape[0]);
        dp_hash_type(&h, &type);
    }
    dp_hash_bytes(&h, o->given.identity, 16);
    dp_hash_final(&h, digest);
}

dp_status dp_own_find(const dp_options *options, const dp_text_stage *stage, dp_arena *arena,
                      dp_bound *out, dp_error *err)
{
    const dp_own_reader *const *r = options->readers;
    dp_status status;
    own *o;

    *out = (dp_bound){NULL, NULL};
    while (r != NULL && *r != NULL && strcmp((*r)->name, stage->name) != 0)
        r++;
    if (r == NULL || *r == NULL)
        return DP_OK;
    o = dp_arena_alloc(arena, 1, sizeof *o);
    if (o == NULL)
        return dp_arena_fail(arena, err, "a reader");
    status = dp_struct_take(*r, "dp_own_reader", sizeof o->given, &o->given, err);
    o->given.name = dp_arena_text(arena, stage->name, strlen(stage->name));
    if (status == DP_OK && o->given.name == NULL)
        status = dp_arena_fail(arena, err, "a reader");
    o->row = (dp_reader){
        .info = {.kind = "reader",
                 .name = o->given.name,
                 .help = "a reader of the program",
                 .revision = o->given.revision,
                 .params = dp_no_params},
        .open = open_source,
        .read = read_record,
        .shape = shape_of,
        .identity = o->given.identity != NULL ? identify : NULL,
    };
    *out = (dp_bound){&o->row.info, o};
    return status == DP_OK ? dp_params_bind(out->info, stage, NULL, arena, o, err) : status;
}
