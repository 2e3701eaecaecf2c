/* cast.c - floating numbers of every width: their values, and as float32
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/cast.h"

#include <string.h>

#include "base/bytes.h"
#include "base/number/num.h"
#include "tools/cli/memory.h"

typedef struct format {
    const char *type;
    int size, exponent, fraction; /* bytes; bits */
    bool finite;                  /* no infinity: the largest exponent is a number, but all ones */
} format;

static const format formats[] = {
    {"float32", 4, 8, 23, false}, {"float64", 8, 11, 52, false},   {"float16", 2, 5, 10, false},
    {"bfloat16", 2, 8, 7, false}, {"float8_e5m2", 1, 5, 2, false}, {"float8_e4m3fn", 1, 4, 3, true},
};

static const format *find(const char *type)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].type, type) == 0)
            return &formats[i];
    }
    return NULL;
}

bool cast_is_floating(const char *type) { return find(type) != NULL; }

#define INFINITE 0x7F800000u
#define QUIET    0x00400000u

/* The bits of a narrow number as those of a float32; its exponent is not as wide. */
static uint32_t widen(const format *f, uint32_t bits)
{
    const int up = 23 - f->fraction, bias = (1 << (f->exponent - 1)) - 1;
    const uint32_t sign = bits >> (f->exponent + f->fraction) << 31;
    const uint32_t most = (1u << f->exponent) - 1, one = 1u << f->fraction;
    uint32_t fraction = bits & (one - 1);
    int exponent = (int)(bits >> f->fraction & most);

    if (exponent == (int)most && f->finite && fraction == one - 1)
        return sign | INFINITE | QUIET | fraction << up;
    if (exponent == (int)most && !f->finite)
        return sign | INFINITE | (fraction != 0 ? QUIET | fraction << up : 0);
    if (exponent == 0) {
        if (fraction == 0)
            return sign;
        for (exponent = 1; (fraction & one) == 0; exponent--)
            fraction <<= 1;
        fraction &= one - 1;
    }
    return sign | (uint32_t)(exponent + 127 - bias) << 23 | fraction << up;
}

static uint32_t narrow(uint64_t bits)
{
    const double value = dp_f64_from(bits);

    if (value != value)
        return (uint32_t)(bits >> 63) << 31 | INFINITE | QUIET |
               (uint32_t)(bits >> 29 & (QUIET - 1));
    return dp_f32_bits((float)value);
}

static uint32_t cast(const format *f, uint64_t bits)
{
    if (f->exponent == 8)
        return (uint32_t)bits << (23 - f->fraction);
    return f->exponent > 8 ? narrow(bits) : widen(f, (uint32_t)bits);
}

double cast_value(const char *type, uint64_t bits)
{
    const format *f = find(type);

    return f->exponent > 8 ? dp_f64_from(bits) : (double)dp_f32_from(cast(f, bits));
}

dp_named_tensor cast_to_float32(const dp_named_tensor *t)
{
    const format *f = find(t->type);
    dp_named_tensor out = *t;
    uint8_t *data = xmalloc((size_t)t->count * 4 + 1);

    for (uint64_t i = 0; i < t->count; i++)
        dp_store_le(data + 4 * i, 4,
                    cast(f, dp_load_le(t->data + i * (size_t)f->size, (size_t)f->size)));
    out.type = "float32";
    out.size = t->count * 4;
    out.data = data;
    return out;
}
