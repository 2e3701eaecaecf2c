/* memory.c - arrays of the caller's, given in dp_options.arrays
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For programs with a loader of their own: order, transforms and states work as for any reader.
 * The fingerprint covers the text only; the identity covers every record, as for files.
 */
#include <stdio.h>
#include <string.h>

#include "base/tensor.h"
#include "io/source.h"

typedef struct memory {
    const char *columns;
} memory;

static const dp_param params[] = {
    DP_TEXT(memory, columns, "", "names of arrays, joined by commas; empty: all of them"),
    DP_PARAMS_END,
};

typedef struct state {
    const uint8_t *data[DP_MAX_COLUMNS];
    size_t bytes[DP_MAX_COLUMNS]; /* of a record */
    uint32_t n;
} state;

/* ---- which arrays ---- */

static dp_status check_array(const dp_array *a, dp_error *err)
{
    char what[64];
    dp_status status;

    snprintf(what, sizeof what, "memory: array '%.40s'", a->name);
    status = dp_tensor_check_data(&a->tensor, what, err);
    if (status == DP_OK && a->tensor.rank == 0)
        return dp_fail(err, DP_EINVAL, "%s has rank 0: its first size is the number of records",
                       what);
    return status;
}

/* Greatest value + 1 of an integer a record; 0 when one is negative. */
static uint64_t value_limit(const dp_tensor *t)
{
    int64_t most = 0;

    if (t->rank != 1 || !dp_dtype_is_integer(t->dtype))
        return 0;
    for (size_t i = 0; i < (size_t)t->shape[0]; i++) {
        const int64_t value = dp_load_int(t->data, t->dtype, i);
        if (value < 0 || value == INT64_MAX)
            return 0;
        most = value > most ? value : most;
    }
    return (uint64_t)most + 1;
}

static dp_status add_array(state *s, const dp_array *a, dp_arena *arena, dp_source *out,
                           dp_error *err)
{
    dp_tensor type = {.dtype = a->tensor.dtype, .rank = a->tensor.rank - 1};
    dp_status status = check_array(a, err);
    uint64_t limit;

    if (status != DP_OK)
        return status;
    memcpy(type.shape, a->tensor.shape + 1, (size_t)type.rank * sizeof type.shape[0]);
    if (s->n > 0 && (uint64_t)a->tensor.shape[0] != out->n_records)
        return dp_fail(err, DP_EINVAL, "array '%.40s' has %lld records, '%.40s' %llu", a->name,
                       (long long)a->tensor.shape[0], out->columns[0].name,
                       (unsigned long long)out->n_records);
    status = dp_source_add(out, a->name, strlen(a->name), &type, arena, err);
    if (status != DP_OK)
        return status;
    out->n_records = (uint64_t)a->tensor.shape[0];
    limit = value_limit(&a->tensor);
    if (limit > 0)
        out->columns[s->n].limit = limit;
    s->data[s->n] = a->tensor.data;
    s->bytes[s->n++] = dp_tensor_bytes(&type);
    return DP_OK;
}

static dp_status add_named(state *s, const dp_array *arrays, const char *name, size_t length,
                           dp_arena *arena, dp_source *out, dp_error *err)
{
    for (const dp_array *a = arrays; a->name != NULL; a++) {
        if (strlen(a->name) == length && memcmp(a->name, name, length) == 0)
            return add_array(s, a, arena, out, err);
    }
    return dp_fail(err, DP_ESPEC, "dp_options.arrays has no '%.*s'", length > 40 ? 40 : (int)length,
                   name);
}

static dp_status add_columns(state *s, const char *names, const dp_array *arrays, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    dp_status status = DP_OK;

    for (const dp_array *a = arrays; names[0] == '\0' && a->name != NULL && status == DP_OK; a++)
        status = add_array(s, a, arena, out, err);
    while (names[0] != '\0' && status == DP_OK) {
        const size_t length = strcspn(names, ",");
        status = add_named(s, arrays, names, length, arena, out, err);
        names += length + (names[length] == ',');
    }
    return status;
}

/* ---- the reader ---- */

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const dp_tensor id = {.dtype = DP_I64};
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "memory");
    if (options->arrays == NULL || options->arrays[0].name == NULL)
        return dp_fail(err, DP_EINVAL,
                       "dp_options.arrays is empty: only a program can give arrays");
    status = add_columns(s, ((const memory *)params_)->columns, options->arrays, arena, out, err);
    if (status != DP_OK)
        return status;
    out->state = s;
    status = dp_source_add(out, "id", 2, &id, arena, err);
    if (status == DP_OK)
        out->columns[s->n].limit = out->n_records;
    return status;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;

    (void)err;
    for (uint32_t c = 0; c < s->n; c++)
        memcpy(columns[c], s->data[c] + record * s->bytes[c], s->bytes[c]);
    *(int64_t *)columns[s->n] = (int64_t)record;
    return DP_OK;
}

const dp_reader dp_reader_memory = {
    .info = {"reader", "memory", "arrays of the program that opens the pipeline", 1, sizeof(memory),
             params},
    .open = open_source,
    .read = read_record,
};
