/* linear_sse2.c - columns of three channels of a row that is resampled across, four bytes at once
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same products and shift as linear.c has, with what every x86-64 has.
 */
#include "transforms/shared/linear.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#include <string.h>

static __m128i four_bytes(const uint8_t *p)
{
    int32_t bytes;

    memcpy(&bytes, p, sizeof bytes);
    return _mm_cvtsi32_si128(bytes);
}

int64_t dp_linear_across_sse2(const dp_taps *taps, int64_t n, const uint8_t *row, int16_t *out)
{
    const int32_t last = taps[n - 1].source[1]; /* four bytes from there may be too many */
    int64_t x = 0;

    for (; taps[x].source[1] < last; x++, out += 3) {
        const __m128i a = four_bytes(row + 3 * taps[x].source[0]);
        const __m128i b = four_bytes(row + 3 * taps[x].source[1]);
        const __m128i pairs = _mm_unpacklo_epi8(_mm_unpacklo_epi8(a, b), _mm_setzero_si128());
        const __m128i weights = _mm_set1_epi32(taps[x].fixed[1] << 16 | taps[x].fixed[0]);
        const __m128i sums = _mm_srai_epi32(_mm_madd_epi16(pairs, weights), 4);
        _mm_storel_epi64((__m128i *)out,
                         _mm_packs_epi32(sums, sums)); /* the next goes over the 4th */
    }
    return x;
}
#endif
