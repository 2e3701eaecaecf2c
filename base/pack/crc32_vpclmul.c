/* crc32_vpclmul.c - CRC-32 by multiplication without carries, four lines in a register
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * As crc32_pclmul.c: sixteen lines are folded by 2048 bits, then into four, which that file takes
 * as the beginning of what is left.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#include "base/pack/crc32.h"

/* x^(d + 32) and x^(d - 32) modulo the polynomial, bits reversed, for each line. */
#define FOLD_2048 _mm512_set4_epi64(0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a)
#define FOLD_512  _mm512_set4_epi64(0x1c6e41596, 0x154442bd4, 0x1c6e41596, 0x154442bd4)

static __m512i load(const uint8_t *bytes) { return _mm512_loadu_si512(bytes); }

static __m512i fold(__m512i lines, __m512i by, __m512i next)
{
    return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(lines, by, 0x00),
                                     _mm512_clmulepi64_epi128(lines, by, 0x11), next, 0x96);
}

void dp_crc32_vpclmul(uint32_t crc, const uint8_t *bytes, size_t n, uint8_t lines[64])
{
    __m512i four[4];

    for (int i = 0; i < 4; i++)
        four[i] = load(bytes + 64 * i);
    four[0] = _mm512_xor_si512(four[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~crc)));
    for (bytes += 256, n -= 256; n >= 256; bytes += 256, n -= 256) {
        for (int i = 0; i < 4; i++)
            four[i] = fold(four[i], FOLD_2048, load(bytes + 64 * i));
    }
    for (int i = 1; i < 4; i++)
        four[i] = fold(four[i - 1], FOLD_512, four[i]);
    _mm512_storeu_si512(lines, four[3]);
}
#else
typedef int dp_nothing_here;
#endif
