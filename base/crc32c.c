/* crc32c.c - CRC-32C (Castagnoli), of TFRecord
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc32c.h"

#include "base/bytes.h"

/* The remainders of one byte, with 0 to 7 zeros behind it.  They are linear: those of a byte are
 * the sum of those of its bits. */
#define BIT(b, i, c) (((b) >> (i)&1) != 0 ? (c) : 0)
#define ONE(b, c0, c1, c2, c3, c4, c5, c6, c7)                                                     \
    BIT(b, 0, c0) ^ BIT(b, 1, c1) ^ BIT(b, 2, c2) ^ BIT(b, 3, c3) ^ BIT(b, 4, c4) ^                \
        BIT(b, 5, c5) ^ BIT(b, 6, c6) ^ BIT(b, 7, c7)
#define FOUR(b, ...)                                                                               \
    ONE(b, __VA_ARGS__), ONE((b) + 1, __VA_ARGS__), ONE((b) + 2, __VA_ARGS__),                     \
        ONE((b) + 3, __VA_ARGS__)
#define SIXTEEN(b, ...)                                                                            \
    FOUR(b, __VA_ARGS__), FOUR((b) + 4, __VA_ARGS__), FOUR((b) + 8, __VA_ARGS__),                  \
        FOUR((b) + 12, __VA_ARGS__)
#define SIXTY_FOUR(b, ...)                                                                         \
    SIXTEEN(b, __VA_ARGS__), SIXTEEN((b) + 16, __VA_ARGS__), SIXTEEN((b) + 32, __VA_ARGS__),       \
        SIXTEEN((b) + 48, __VA_ARGS__)
#define ALL(...)                                                                                   \
    {                                                                                              \
        SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__), SIXTY_FOUR(128, __VA_ARGS__),     \
            SIXTY_FOUR(192, __VA_ARGS__)                                                           \
    }

static const uint32_t table[8][256] = {
    ALL(0xF26B8303, 0xE13B70F7, 0xC79A971F, 0x8AD958CF, 0x105EC76F, 0x20BD8EDE, 0x417B1DBC,
        0x82F63B78),
    ALL(0x13A29877, 0x274530EE, 0x4E8A61DC, 0x9D14C3B8, 0x3FC5F181, 0x7F8BE302, 0xFF17C604,
        0xFBC3FAF9),
    ALL(0xA541927E, 0x4F6F520D, 0x9EDEA41A, 0x38513EC5, 0x70A27D8A, 0xE144FB14, 0xC76580D9,
        0x8B277743),
    ALL(0xDD45AAB8, 0xBF672381, 0x7B2231F3, 0xF64463E6, 0xE964B13D, 0xD725148B, 0xABA65FE7,
        0x52A0C93F),
    ALL(0x38116FAC, 0x7022DF58, 0xE045BEB0, 0xC5670B91, 0x8F2261D3, 0x1BA8B557, 0x37516AAE,
        0x6EA2D55C),
    ALL(0xEF306B19, 0xDB8CA0C3, 0xB2F53777, 0x6006181F, 0xC00C303E, 0x85F4168D, 0x0E045BEB,
        0x1C08B7D6),
    ALL(0x68032CC8, 0xD0065990, 0xA5E0C5D1, 0x4E2DFD53, 0x9C5BFAA6, 0x3D5B83BD, 0x7AB7077A,
        0xF56E0EF4),
    ALL(0x493C7D27, 0x9278FA4E, 0x211D826D, 0x423B04DA, 0x847609B4, 0x0D006599, 0x1A00CB32,
        0x34019664),
};

uint32_t dp_crc32c_portable(uint32_t crc, const uint8_t *bytes, size_t n)
{
    for (; n >= 8; bytes += 8, n -= 8) {
        crc ^= (uint32_t)dp_load_le(bytes, 4);
        crc = table[7][crc & 255] ^ table[6][crc >> 8 & 255] ^ table[5][crc >> 16 & 255] ^
              table[4][crc >> 24] ^ table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]] ^
              table[0][bytes[7]];
    }
    for (; n > 0; bytes++, n--)
        crc = crc >> 8 ^ table[0][(crc ^ *bytes) & 255];
    return crc;
}

uint32_t dp_crc32c(const uint8_t *bytes, size_t n)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~dp_crc32c_sse42(~0u, bytes, n);
#endif
    return ~dp_crc32c_portable(~0u, bytes, n);
}

uint32_t dp_crc32c_masked(const uint8_t *bytes, size_t n)
{
    const uint32_t crc = dp_crc32c(bytes, n);

    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}
