/* arrays.c - numpy's arrays in files, whose first index counts the records
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Elements are read where they lie, whatever the array's size.  A column of one integer a record is
 * read once at open, for the limit that `one_hot` and the losses ask for.
 */
#include "io/arrays/arrays.h"

#include <string.h>

#include "base/bytes.h"
#include "base/npy.h"
#include "base/options.h"
#include "base/sniff.h"
#include "base/tensor.h"
#include "io/source.h"

#define MOST_HEAD 65536 /* bytes of an array's head */
#define PIECE     65536 /* bytes of labels at a time */

/* ---- the head of an array ---- */

static dp_status read_part(const dp_stored *a, uint64_t from, void *out, size_t n, dp_error *err)
{
    size_t got;
    int error;

    if (a->bytes != NULL) {
        memcpy(out, a->bytes + from, n);
        return DP_OK;
    }
    error = dp_file_read_at(a->file, a->at + from, out, n, &got);
    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", a->name,
                       dp_file_why(a->file, error));
    return got == n ? DP_OK
                    : dp_fail(err, DP_ECORRUPT,
                              "%.120s is cut (the file shrank while it was in use)", a->name);
}

static dp_status take_type(dp_stored *a, const dp_npy *head, dp_error *err)
{
    if (!dp_npy_dtype(head, &a->type.dtype, &a->big))
        return dp_fail(err, DP_ECORRUPT, "%.120s %s: numbers and bool are read", a->name,
                       dp_npy_other(head));
    if (head->rank == 0)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is a single number: the first index of an array counts the records",
                       a->name);
    if (head->fortran && head->rank > 1)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is in Fortran's order: save numpy.ascontiguousarray of it", a->name);
    a->type.rank = head->rank;
    memcpy(a->type.shape, head->shape, sizeof head->shape);
    return DP_OK;
}

static dp_tensor record_of(const dp_tensor *all)
{
    dp_tensor record = {.dtype = all->dtype, .rank = all->rank - 1};

    memcpy(record.shape, all->shape + 1, sizeof record.shape - sizeof record.shape[0]);
    return record;
}

/* The elements are all that is behind the head. */
static dp_status take_elements(dp_stored *a, uint64_t head, uint64_t size, dp_error *err)
{
    const dp_tensor record = record_of(&a->type);

    if (!dp_tensor_fits(&a->type) || !dp_tensor_fits(&record) ||
        dp_tensor_bytes(&a->type) != size - head)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %llu bytes of elements: its head says %s",
                       a->name, (unsigned long long)(size - head), dp_tensor_type(&a->type).text);
    a->size = dp_tensor_bytes(&record);
    a->at += head;
    a->bytes = a->bytes != NULL ? a->bytes + head : NULL;
    return DP_OK;
}

dp_status dp_stored_open(dp_stored *a, uint64_t size, dp_error *err)
{
    uint8_t bytes[MOST_HEAD];
    const size_t n = size < sizeof bytes ? (size_t)size : sizeof bytes;
    const char *why;
    dp_npy head;
    dp_status status = read_part(a, 0, bytes, n, err);

    if (status != DP_OK)
        return status;
    why = dp_npy_parse(bytes, n, &head);
    if (why != NULL)
        return dp_fail(err, DP_ECORRUPT, "%.120s %s%s", a->name, why,
                       dp_sniff_bytes(bytes, n).text);
    status = take_type(a, &head, err);
    return status == DP_OK ? take_elements(a, (uint64_t)(head.data - bytes), size, err) : status;
}

/* ---- columns ---- */

dp_status dp_arrays_file(dp_arrays *s, const char *path, dp_opener *opener, dp_error *err)
{
    const char *whole = dp_path_join(opener->arena, opener->options->root, path);
    dp_status status;

    if (whole == NULL)
        return dp_arena_fail(opener->arena, err, "a path");
    status = dp_opener_open(opener, whole, &s->files[s->n_files], err);
    if (status == DP_OK)
        s->paths[s->n_files++] = whole;
    return status;
}

dp_status dp_arrays_add(dp_arrays *s, const char *column, size_t length, const dp_stored *a,
                        dp_arena *arena, dp_source *out, dp_error *err)
{
    const dp_tensor record = record_of(&a->type);
    dp_status status;

    if (s->n > 0 && a->type.shape[0] != s->array[0].type.shape[0])
        return dp_fail(err, DP_ECORRUPT, "%.90s has %lld records, %.90s has %lld", a->name,
                       (long long)a->type.shape[0], s->array[0].name,
                       (long long)s->array[0].type.shape[0]);
    status = dp_source_add(out, column, length, &record, arena, err);
    if (status == DP_OK)
        s->array[s->n++] = *a;
    return status;
}

static const uint8_t *turned(const dp_stored *a, uint8_t *elements, size_t n)
{
    const uint16_t one = 1;
    const bool machine_is_big = *(const uint8_t *)&one == 0;

    if (a->big != machine_is_big)
        dp_turn(elements, n, dp_dtype_size(a->type.dtype));
    return elements;
}

/* Greatest value + 1; 0 when one is negative, or too large to have one above it. */
static dp_status find_limit(const dp_stored *a, const dp_options *options, uint64_t *limit,
                            dp_error *err)
{
    const uint64_t n = (uint64_t)a->type.shape[0] * a->size;
    uint8_t piece[PIECE];

    *limit = 1;
    for (uint64_t at = 0; at < n && *limit != 0; at += PIECE) {
        const size_t some = n - at < PIECE ? (size_t)(n - at) : PIECE;
        dp_status status = read_part(a, at, piece, some, err);
        if (status == DP_OK)
            status = dp_progress(options, "labels", at + some, n, err);
        if (status != DP_OK)
            return status;
        turned(a, piece, some);
        for (size_t i = 0; i < some / a->size && *limit != 0; i++) {
            const int64_t value = dp_load_int(piece, a->type.dtype, i);
            if (value < 0 || value == INT64_MAX)
                *limit = 0;
            else if ((uint64_t)value >= *limit)
                *limit = (uint64_t)value + 1;
        }
    }
    return DP_OK;
}

dp_status dp_arrays_done(dp_arrays *s, const dp_options *options, dp_arena *arena, dp_source *out,
                         dp_error *err)
{
    const dp_tensor id = {.dtype = DP_I64};
    dp_status status = DP_OK;

    for (uint32_t c = 0; c < s->n && status == DP_OK; c++) {
        const dp_stored *a = &s->array[c];
        if (a->type.rank == 1 && dp_dtype_is_integer(a->type.dtype))
            status = find_limit(a, options, &out->columns[c].limit, err);
    }
    if (status == DP_OK)
        status = dp_source_add(out, "id", 2, &id, arena, err);
    if (status != DP_OK)
        return status;
    out->n_records = (uint64_t)s->array[0].type.shape[0];
    out->columns[s->n].limit = out->n_records;
    for (uint32_t i = 0; i < s->n_files; i++)
        out->stamp = dp_stamp_add(out->stamp, s->files[i].stamp);
    s->columns = out->columns;
    out->state = s;
    return DP_OK;
}

/* ---- the reader ---- */

/* What transforms rely on: bools are 0 or 1, labels below the limit that was found at open. */
static dp_status check_values(const dp_stored *a, uint64_t limit, uint64_t record,
                              const uint8_t *out, dp_error *err)
{
    for (size_t i = 0; a->type.dtype == DP_BOOL && i < a->size; i++) {
        if (out[i] > 1)
            return dp_fail_record(err, DP_ECORRUPT, record,
                                  "record %llu of %.120s has a bool that is %d",
                                  (unsigned long long)record, a->name, out[i]);
    }
    if (a->type.rank == 1 && limit != 0 && dp_dtype_is_integer(a->type.dtype)) {
        const int64_t value = dp_load_int(out, a->type.dtype, 0);
        if (value < 0 || (uint64_t)value >= limit)
            return dp_fail_record(err, DP_ESTATE, record,
                                  "record %llu of %.100s is %lld: it changed since it was opened",
                                  (unsigned long long)record, a->name, (long long)value);
    }
    return DP_OK;
}

bool dp_arrays_ahead(const void *state, uint64_t record, const dp_when *when)
{
    const dp_arrays *s = state;
    bool room = true;

    for (uint32_t c = 0; c < s->n && room; c++) {
        const dp_stored *a = &s->array[c];
        room = a->bytes != NULL || dp_file_ahead(a->file, a->at + record * a->size, a->size, when);
    }
    return room;
}

dp_status dp_arrays_read(const void *state, uint64_t record, void *const columns[], dp_error *err)
{
    const dp_arrays *s = state;

    for (uint32_t c = 0; c < s->n; c++) {
        const dp_stored *a = &s->array[c];
        const uint64_t at = record * a->size;
        dp_status status = DP_OK;
        if (a->bytes != NULL)
            memcpy(columns[c], a->bytes + at, a->size);
        else
            status = dp_source_bytes(&(dp_stretch){a->file, a->name, a->at + at, a->size}, record,
                                     columns[c], err);
        if (status == DP_OK)
            status =
                check_values(a, s->columns[c].limit, record, turned(a, columns[c], a->size), err);
        if (status != DP_OK)
            return status;
    }
    *(int64_t *)columns[s->n] = (int64_t)record;
    return DP_OK;
}

dp_status dp_arrays_unchanged(void *state, bool accept, dp_error *err)
{
    dp_arrays *s = state;
    dp_status status = DP_OK;

    for (uint32_t i = 0; i < s->n_files && status == DP_OK; i++)
        status = dp_file_unchanged(&s->files[i], s->paths[i], accept, err);
    return status;
}

void dp_arrays_close(void *state)
{
    dp_arrays *s = state;

    for (uint32_t i = 0; i < s->n_files; i++)
        dp_file_close(&s->files[i]);
}
