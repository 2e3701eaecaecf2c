/* fields.h - which parts of a record become which columns
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     fields=image:jpg;png,label:cls,box:box.npy:float32:4
 *
 * A field is COLUMN:PART, and its type behind it: "bytes"; "picture", the file of one, for decode;
 * or a dtype with the sizes of an array of it.
 */
#ifndef IO_SHARDS_FIELDS_H
#define IO_SHARDS_FIELDS_H

#include "base/alloc.h"
#include "base/column.h"

typedef enum dp_field_kind { DP_FIELD_BYTES, DP_FIELD_PICTURE, DP_FIELD_NUMBERS } dp_field_kind;

typedef struct dp_field {
    const char *column, *part;
    dp_field_kind kind;
    dp_tensor type; /* of numbers */
} dp_field;

typedef struct dp_fields {
    uint32_t n;
    dp_field field[DP_MAX_COLUMNS];
} dp_fields;

/* `usual` says the type of a part that has none behind it: "picture", "uint32".  DP_ESPEC for what
 * is not a field, or more of them than columns. */
dp_status dp_fields_parse(const char *text, const char *(*usual)(const char *part), dp_arena *,
                          dp_fields *out, dp_error *);

/* An element of an array of numbers; false where the dtype has no such value. */
bool dp_field_store_int(const dp_field *, void *array, size_t i, int64_t value);
bool dp_field_store_float(const dp_field *, void *array, size_t i, double value);

#endif
