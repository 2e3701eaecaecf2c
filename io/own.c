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
    for (const dp_column *c = r->columns; c->name != NULL && status == DP_OK; c++)
        status = check_column(r->name, c, err);
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
    }
    out->n_records = o->given.n_records;
    out->state = o;
    o->source = out;
    return status;
}

/* What transforms rely on: they cannot fail. */
static dp_status check_values(const own *o, uint64_t record, void *const columns[], dp_error *err)
{
    for (uint32_t c = 0; c < o->source->n_columns; c++) {
        const dp_column *column = &o->source->columns[c];
        const size_t n = column->limit != 0 ? (size_t)dp_tensor_count(&column->type) : 0;
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
    for (uint32_t c = 0; c < o->source->n_columns; c++)
        dp_hash_type(&h, &o->source->columns[c].type);
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
        .identity = o->given.identity != NULL ? identify : NULL,
    };
    *out = (dp_bound){&o->row.info, o};
    return status == DP_OK ? dp_params_bind(out->info, stage, o, err) : status;
}
