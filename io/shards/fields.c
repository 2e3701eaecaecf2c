/* fields.c - which parts of a record become which columns
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/shards/fields.h"

#include <string.h>

#include "base/number/num.h"
#include "base/status.h"
#include "base/tensor.h"

/* ---- the text ---- */

typedef struct word {
    const char *text;
    size_t n;
} word;

static bool is(word w, const char *text)
{
    return w.n == strlen(text) && memcmp(w.text, text, w.n) == 0;
}

/* Up to the next colon or the end of the field. */
static word take_word(word *left)
{
    word w = {left->text, 0};

    while (w.n < left->n && w.text[w.n] != ':')
        w.n++;
    left->text += w.n < left->n ? w.n + 1 : w.n;
    left->n -= w.n < left->n ? w.n + 1 : w.n;
    return w;
}

static dp_status bad_field(word text, const char *why, dp_error *err)
{
    return dp_fail(err, DP_ESPEC, "field '%.*s' %s", text.n > 60 ? 60 : (int)text.n, text.text,
                   why);
}

static bool take_dtype(word w, dp_dtype *out)
{
    for (int d = DP_U8; d <= DP_F64; d++) {
        if (d != DP_BOOL && d != DP_F16 && is(w, dp_dtype_name((dp_dtype)d))) {
            *out = (dp_dtype)d;
            return true;
        }
    }
    return false;
}

static bool take_kind(word w, dp_field *f)
{
    f->kind = is(w, "bytes")     ? DP_FIELD_BYTES
              : is(w, "picture") ? DP_FIELD_PICTURE
                                 : DP_FIELD_NUMBERS;
    return f->kind != DP_FIELD_NUMBERS || take_dtype(w, &f->type.dtype);
}

/* The sizes of an array. */
static dp_status take_sizes(word all, word left, dp_field *f, dp_error *err)
{
    while (left.n > 0) {
        const word digits = take_word(&left);
        int64_t size;
        if (f->kind != DP_FIELD_NUMBERS)
            return bad_field(all, "has sizes: they are of numbers", err);
        if (f->type.rank == DP_MAX_RANK - 1 || !dp_parse_int(digits.text, digits.n, &size) ||
            size < 1)
            return bad_field(all, "has sizes that are not numbers from 1 on, or too many", err);
        f->type.shape[f->type.rank++] = size;
    }
    if (f->kind == DP_FIELD_NUMBERS &&
        (!dp_tensor_fits(&f->type) || dp_tensor_bytes(&f->type) > DP_MAX_SAMPLE_SIZE))
        return bad_field(all, "is too large", err);
    return DP_OK;
}

static dp_status parse_field(word all, const char *(*usual)(const char *part), dp_arena *arena,
                             dp_field *f, dp_error *err)
{
    word left = all, kind;
    const word column = take_word(&left), part = take_word(&left);

    if (column.n == 0 || part.n == 0)
        return bad_field(all, "is not COLUMN:PART or COLUMN:PART:TYPE", err);
    f->column = dp_arena_text(arena, column.text, column.n);
    f->part = dp_arena_text(arena, part.text, part.n);
    if (f->column == NULL || f->part == NULL)
        return dp_arena_fail(arena, err, "a field");
    kind = take_word(&left);
    if (kind.n == 0)
        kind = (word){usual(f->part), strlen(usual(f->part))};
    if (!take_kind(kind, f))
        return bad_field(all, "has no such type: bytes, picture, or one of uint8 to float64", err);
    return take_sizes(all, left, f, err);
}

dp_status dp_fields_parse(const char *text, const char *(*usual)(const char *part), dp_arena *arena,
                          dp_fields *out, dp_error *err)
{
    *out = (dp_fields){0};
    for (;; text++) {
        const word all = {text, strcspn(text, ",")};
        dp_status status;
        if (out->n == DP_MAX_COLUMNS)
            return dp_fail(err, DP_ESPEC, "there are more than %d fields", DP_MAX_COLUMNS);
        status = parse_field(all, usual, arena, &out->field[out->n], err);
        if (status != DP_OK)
            return status;
        out->n++;
        text += all.n;
        if (*text == '\0')
            return DP_OK;
    }
}

/* ---- values ---- */

/* Both bounds of an integer of so many bytes. */
static bool is_within(int64_t value, size_t size, bool is_signed)
{
    const int bits = 8 * (int)size - (is_signed ? 1 : 0);

    if (!is_signed && value < 0)
        return false;
    return bits >= 63 || (value < ((int64_t)1 << bits) && value >= -((int64_t)1 << bits));
}

bool dp_field_store_int(const dp_field *f, void *array, size_t i, int64_t value)
{
    const size_t size = dp_dtype_size(f->type.dtype);
    const bool is_signed = f->type.dtype == DP_I8 || f->type.dtype == DP_I16 ||
                           f->type.dtype == DP_I32 || f->type.dtype == DP_I64;

    if (!dp_dtype_is_integer(f->type.dtype))
        return dp_field_store_float(f, array, i, (double)value);
    if (!is_within(value, size, is_signed))
        return false;
    switch (size) {
    case 1: ((uint8_t *)array)[i] = (uint8_t)value; break;
    case 2: ((uint16_t *)array)[i] = (uint16_t)value; break;
    case 4: ((uint32_t *)array)[i] = (uint32_t)value; break;
    default: ((uint64_t *)array)[i] = (uint64_t)value;
    }
    return true;
}

bool dp_field_store_float(const dp_field *f, void *array, size_t i, double value)
{
    if (f->type.dtype == DP_F64)
        ((double *)array)[i] = value;
    else if (f->type.dtype == DP_F32)
        ((float *)array)[i] = (float)value;
    return f->type.dtype == DP_F64 || f->type.dtype == DP_F32;
}
