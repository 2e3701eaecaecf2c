/* crc32_pclmul.c - CRC-32 by multiplication without carries
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009): 128
 * bits of the message times x^d modulo the polynomial may stand d bits further on.  Four lines are
 * folded by 512 bits, then into one; zlib takes the remainder of that last one.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#include <zlib.h>

#include "base/pack/crc32.h"

/* x^(d + 32) and x^(d - 32) modulo the polynomial, bits reversed. */
#define FOLD_512 _mm_set_epi64x(0x1c6e41596, 0x154442bd4)
#define FOLD_128 _mm_set_epi64x(0x0ccaa009e, 0x1751997d0)

static __m128i load(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

static __m128i fold(__m128i line, __m128i by, __m128i next)
{
    const __m128i low = _mm_clmulepi64_si128(line, by, 0x00);

    return _mm_xor_si128(_mm_xor_si128(low, next), _mm_clmulepi64_si128(line, by, 0x11));
}

uint32_t dp_crc32_pclmul(uint32_t crc, const uint8_t *bytes, size_t n)
{
    __m128i line[4];
    uint8_t last[16];

    for (int i = 0; i < 4; i++)
        line[i] = load(bytes + 16 * i);
    line[0] = _mm_xor_si128(line[0], _mm_cvtsi32_si128((int)~crc));
    for (bytes += 64, n -= 64; n >= 64; bytes += 64, n -= 64) {
        for (int i = 0; i < 4; i++)
            line[i] = fold(line[i], FOLD_512, load(bytes + 16 * i));
    }
    for (int i = 1; i < 4; i++)
        line[i] = fold(line[i - 1], FOLD_128, line[i]);
    for (; n >= 16; bytes += 16, n -= 16)
        line[3] = fold(line[3], FOLD_128, load(bytes));
    _mm_storeu_si128((__m128i *)(void *)last, line[3]);
    return (uint32_t)crc32_z(UINT32_MAX, last, 16); /* its register begins at 0 */
}
#else
typedef int dp_nothing_here;
#endif
