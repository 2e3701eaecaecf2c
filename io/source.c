/* source.c - columns and buffers of what a reader opens
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/source.h"

#include <string.h>

#include "base/tensor.h"
#include "lang/text.h"

static bool is_taken(const dp_source *source, const char *name, size_t length)
{
    for (uint32_t c = 0; c < source->n_columns; c++) {
        const char *other = source->columns[c].name;
        if (strlen(other) == length && memcmp(other, name, length) == 0)
            return true;
    }
    return false;
}

static uint64_t type_limit(dp_dtype dtype)
{
    return dtype == DP_U8 ? 256 : dtype == DP_U16 ? 65536 : 0;
}

dp_status dp_source_add(dp_source *source, const char *name, size_t length, const dp_tensor *type,
                        dp_arena *arena, dp_error *err)
{
    const int shown = length > 40 ? 40 : (int)length;
    const char *copy;

    if (source->n_columns == DP_MAX_COLUMNS)
        return dp_fail(err, DP_ESPEC, "'%.*s' is more than %d columns", shown, name,
                       DP_MAX_COLUMNS);
    if (length == 0 || length > DP_MAX_NAME || !dp_utf8_is_printable(name, length))
        return dp_fail(err, DP_ESPEC, "'%.*s' is not a column's name: 1 to %d printable bytes",
                       shown, name, DP_MAX_NAME);
    if (is_taken(source, name, length))
        return dp_fail(err, DP_ESPEC, "there are two columns '%.*s'", shown, name);
    if (!dp_tensor_fits(type) || dp_tensor_bytes(type) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ESPEC, "'%.*s' is too large", shown, name);
    copy = dp_arena_text(arena, name, length);
    if (copy == NULL)
        return dp_arena_fail(arena, err, "a column");
    source->columns[source->n_columns] = (dp_column){copy, *type, type_limit(type->dtype)};
    source->columns[source->n_columns++].type.data = NULL;
    return DP_OK;
}

dp_status dp_source_bytes(const dp_stretch *from, uint64_t record, void *out, dp_error *err)
{
    size_t got;
    const int error = dp_file_read_at(from->file, from->at, out, from->n, &got);

    if (error != 0)
        return dp_fail_record(err, DP_EIO, record, "record %llu of %.120s cannot be read: %s",
                              (unsigned long long)record, from->path,
                              dp_file_why(from->file, error));
    if (got != from->n)
        return dp_fail_record(err, DP_ECORRUPT, record,
                              "record %llu of %.120s is cut (the file shrank while it was "
                              "in use)",
                              (unsigned long long)record, from->path);
    return DP_OK;
}

dp_status dp_source_buffers(const dp_source *source, dp_arena *arena, void *columns[DP_MAX_COLUMNS],
                            dp_error *err)
{
    for (uint32_t c = 0; c < source->n_columns; c++) {
        columns[c] = dp_arena_alloc(arena, dp_tensor_bytes(&source->columns[c].type), 1);
        if (columns[c] == NULL)
            return dp_arena_fail(arena, err, "a record");
    }
    return DP_OK;
}

dp_tensor dp_source_type(const dp_reader *reader, const dp_source *source, uint32_t column,
                         uint64_t record)
{
    dp_tensor type = source->columns[column].type;

    if (source->least[column] != NULL)
        reader->shape(source->state, record, column, type.shape);
    return type;
}
