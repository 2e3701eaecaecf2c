/* message_pack.c - numbers, texts and the heads of maps of MessagePack
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/message_pack.h"

#include <string.h>

bool dp_unpack_big_endian(dp_packed *c, size_t n, uint64_t *out)
{
    if ((size_t)(c->end - c->at) < n)
        return false;
    for (*out = 0; n > 0; n--)
        *out = *out << 8 | *c->at++;
    return true;
}

static bool take_text(dp_packed *c, uint64_t n, dp_unpacked *v)
{
    *v = (dp_unpacked){.kind = DP_PACKED_TEXT, .text = c->at, .n = (size_t)n};
    if (n > (size_t)(c->end - c->at))
        return false;
    c->at += n;
    return true;
}

static bool take_integer(dp_packed *c, size_t n, bool is_signed, dp_unpacked *v)
{
    const unsigned shift = 64 - 8 * (unsigned)n;
    uint64_t bits;

    if (!dp_unpack_big_endian(c, n, &bits))
        return false;
    *v = (dp_unpacked){.kind = DP_PACKED_INTEGER, .integer = (int64_t)bits};
    if (is_signed)
        v->integer = (int64_t)(bits << shift) >> shift;
    return is_signed || bits <= INT64_MAX;
}

static bool take_real(dp_packed *c, size_t n, dp_unpacked *v)
{
    uint64_t bits;
    uint32_t narrow_bits;
    float narrow;

    *v = (dp_unpacked){.kind = DP_PACKED_REAL};
    if (!dp_unpack_big_endian(c, n, &bits))
        return false;
    narrow_bits = (uint32_t)bits;
    memcpy(&narrow, &narrow_bits, sizeof narrow);
    memcpy(&v->real, &bits, sizeof v->real);
    v->real = n == 4 ? narrow : v->real;
    return true;
}

bool dp_unpack(dp_packed *c, dp_unpacked *v)
{
    const uint8_t kind = c->at < c->end ? *c->at++ : 0xC1; /* that is never used */
    uint64_t n;

    if (kind < 0x80 || kind >= 0xE0) {
        *v = (dp_unpacked){.kind = DP_PACKED_INTEGER, .integer = (int8_t)kind};
        return true;
    }
    if (kind >= 0xA0 && kind < 0xC0)
        return take_text(c, kind & 31, v);
    if (kind >= 0xCC && kind <= 0xCF)
        return take_integer(c, (size_t)1 << (kind - 0xCC), false, v);
    if (kind >= 0xD0 && kind <= 0xD3)
        return take_integer(c, (size_t)1 << (kind - 0xD0), true, v);
    if (kind >= 0xD9 && kind <= 0xDB)
        return dp_unpack_big_endian(c, (size_t)1 << (kind - 0xD9), &n) && take_text(c, n, v);
    return (kind == 0xCA || kind == 0xCB) && take_real(c, kind == 0xCA ? 4 : 8, v);
}

bool dp_unpack_map(dp_packed *c, uint64_t *n)
{
    const uint8_t kind = c->at < c->end ? *c->at++ : 0xC1; /* that is never used */

    *n = kind & 15;
    return (kind & 0xF0) == 0x80 || (kind == 0xDE && dp_unpack_big_endian(c, 2, n)) ||
           (kind == 0xDF && dp_unpack_big_endian(c, 4, n));
}
