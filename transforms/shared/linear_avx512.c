/* linear_avx512.c - the kernels of linear.h for x86-64 with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/linear.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline __m128i load16(const void *p) { return _mm_loadu_si128((const __m128i *)p); }

static inline __m256i two(const uint8_t *row, const int32_t *from)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(row + from[0])),
                                   load16(row + from[1]), 1);
}

/* Four fours at a time. */
static void across(const dp_linear_plan *p, const uint8_t *row, int16_t *out)
{
    for (int64_t i = 0; i < p->n; i += 4, out += 16) {
        const __m512i bytes = _mm512_inserti64x4(_mm512_castsi256_si512(two(row, p->from + i)),
                                                 two(row, p->from + i + 2), 1);
        const __m512i pairs = _mm512_shuffle_epi8(bytes, _mm512_loadu_si512(p->places[i]));
        const __m512i sums = _mm512_madd_epi16(pairs, _mm512_loadu_si512(p->weights[i]));
        _mm256_storeu_si256((__m256i *)(void *)out,
                            _mm512_cvtepi32_epi16(_mm512_srai_epi32(sums, 4)));
    }
}

static int64_t down(const int16_t *top, const int16_t *low, const int32_t fixed[2], int64_t n,
                    uint8_t *out)
{
    const __m512i f0 = _mm512_set1_epi16((int16_t)fixed[0]);
    const __m512i f1 = _mm512_set1_epi16((int16_t)fixed[1]);
    int64_t i = 0;

    for (; n - i >= 32; i += 32) {
        const __m512i a = _mm512_mulhi_epi16(_mm512_loadu_si512(top + i), f0);
        const __m512i b = _mm512_mulhi_epi16(_mm512_loadu_si512(low + i), f1);
        const __m512i sum = _mm512_add_epi16(_mm512_add_epi16(a, b), _mm512_set1_epi16(2));
        _mm256_storeu_si256((__m256i *)(void *)(out + i),
                            _mm512_cvtepi16_epi8(_mm512_srai_epi16(sum, 2)));
    }
    return i;
}

const dp_linear_kernels dp_linear_avx512 = {across, down};
#endif
