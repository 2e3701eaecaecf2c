/* decode.c - tokens of a file as int32, each checked against the vocabulary
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/tensor.h"
#include "io/tokens/tokens.h"

#define PIECE 16384 /* bytes that are read at once: they stay in the first cache */

/* n tokens; the top bit of what is returned says that one of them is above `last`.  An unsigned v
 * is above it when v, or last - v, has that bit: no branch, so that compilers use vectors. */
#define DECODE(name, type)                                                                         \
    static uint32_t name(const void *restrict from, uint64_t n, uint32_t last,                     \
                         int32_t *restrict out)                                                    \
    {                                                                                              \
        const type *tokens = from;                                                                 \
        uint32_t bad = 0;                                                                          \
        for (uint64_t i = 0; i < n; i++) {                                                         \
            const uint32_t v = (uint32_t)tokens[i];                                                \
            bad |= v | (last - v);                                                                 \
            out[i] = (int32_t)v;                                                                   \
        }                                                                                          \
        return bad;                                                                                \
    }
DECODE(decode_u8, uint8_t)
DECODE(decode_i8, int8_t)
DECODE(decode_i16, int16_t)
DECODE(decode_u16, uint16_t)
DECODE(decode_i32, int32_t)
DECODE(decode_u32, uint32_t)

/* Numbers that are wider than tokens, or have fractions, one by one. */
static bool is_token(double v, uint32_t last)
{
    return v >= 0 && v <= (double)last && v == (double)(uint32_t)v;
}

static uint32_t decode_wide(const void *from, dp_dtype dtype, uint64_t n, uint32_t last,
                            int32_t *out)
{
    uint32_t bad = 0;

    for (uint64_t i = 0; i < n; i++) {
        const bool fine = is_token(dp_load_f64(from, dtype, i), last);
        out[i] = fine ? (int32_t)dp_load_f64(from, dtype, i) : 0;
        bad |= fine ? 0 : 1u << 31;
    }
    return bad;
}

static uint32_t decode(const void *from, dp_dtype dtype, uint64_t n, uint32_t last, int32_t *out)
{
    switch (dtype) {
    case DP_U8: return decode_u8(from, n, last, out);
    case DP_I8: return decode_i8(from, n, last, out);
    case DP_I16: return decode_i16(from, n, last, out);
    case DP_U16: return decode_u16(from, n, last, out);
    case DP_I32: return decode_i32(from, n, last, out);
    case DP_U32: return decode_u32(from, n, last, out);
    default: return decode_wide(from, dtype, n, last, out);
    }
}

/* Which of the tokens it was. */
static dp_status bad_token(const dp_tokens_file *f, const uint8_t *bytes, uint64_t at, uint64_t n,
                           uint64_t record, dp_error *err)
{
    const size_t size = dp_dtype_size(f->dtype);
    uint64_t i = 0;
    char value[32];

    while (i + 1 < n && is_token(dp_load_f64(bytes, f->dtype, i), (uint32_t)(f->limit - 1)))
        i++;
    if (dp_dtype_is_float(f->dtype))
        snprintf(value, sizeof value, "%.9g", dp_load_f64(bytes, f->dtype, i));
    else
        snprintf(value, sizeof value, "%s", dp_print_int(bytes + i * size, f->dtype, 0).text);
    return dp_fail_record(
        err, DP_ECORRUPT, record, "token %llu of %.120s is %s: expected 0 to %llu",
        (unsigned long long)(at + i), f->path, value, (unsigned long long)f->limit - 1);
}

static dp_status read_piece(const dp_tokens_file *f, uint64_t at, uint64_t n, uint64_t record,
                            uint8_t *bytes, dp_error *err)
{
    const uint16_t one = 1;
    const size_t size = dp_dtype_size(f->dtype), wanted = (size_t)n * size;
    size_t got;
    const int error = dp_file_read_at(&f->file, f->header + at * size, bytes, wanted, &got);

    if (error != 0)
        return dp_fail_record(err, DP_EIO, record, "token %llu of %.120s cannot be read: %s",
                              (unsigned long long)at, f->path, dp_file_why(&f->file, error));
    if (got != wanted)
        return dp_fail_record(err, DP_ECORRUPT, record,
                              "token %llu of %.120s is cut (the file shrank while it was in use)",
                              (unsigned long long)(at + got / size), f->path);
    if (*(const uint8_t *)&one == 0)
        dp_turn(bytes, wanted, size);
    return DP_OK;
}

/* The window's tokens place .. place + n - 1: all but the last are inputs, all but the first are
 * labels. */
static uint32_t decode_both(const dp_tokens_file *f, const uint8_t *bytes, uint64_t place,
                            uint64_t n, const dp_tokens_part *p)
{
    const uint64_t inputs = place + n > p->length ? n - 1 : n, first = place == 0;
    const uint32_t last = (uint32_t)(f->limit - 1);

    return decode(bytes, f->dtype, inputs, last, p->input + place) |
           decode(bytes + first * dp_dtype_size(f->dtype), f->dtype, n - first, last,
                  p->label + place + first - 1);
}

static dp_status read_open(const dp_tokens_file *f, const dp_tokens_part *p, dp_error *err)
{
    const uint64_t most = PIECE / dp_dtype_size(f->dtype);
    _Alignas(64) uint8_t bytes[PIECE];

    for (uint64_t done = 0; done < p->n;) {
        const uint64_t n = p->n - done < most ? p->n - done : most;
        uint8_t *to = p->keep == NULL ? bytes : p->keep + done * dp_dtype_size(f->dtype);
        const dp_status status = read_piece(f, p->at + done, n, p->record, to, err);
        if (status != DP_OK)
            return status;
        if (decode_both(f, to, p->place + done, n, p) >> 31 != 0)
            return bad_token(f, to, p->at + done, n, p->record, err);
        done += n;
    }
    return DP_OK;
}

void dp_tokens_again(const dp_tokens_file *f, const uint8_t *kept, const dp_tokens_part *p)
{
    (void)decode_both(f, kept, p->place, p->n, p);
}

dp_status dp_tokens_read(const dp_tokens_file *f, const dp_tokens_part *p, dp_error *err)
{
    dp_tokens_file entered = *f;
    dp_status status = dp_file_enter(&f->file, f->path, &entered.file, err);

    if (status != DP_OK) {
        if (err != NULL)
            err->record = (int64_t)p->record;
        return status;
    }
    status = read_open(&entered, p, err);
    dp_file_leave(&f->file, &entered.file);
    return status;
}
