/* linear_avx2.c - the kernels of linear.h for x86-64 with AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/linear.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline __m256i load32(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline __m128i load16(const void *p) { return _mm_loadu_si128((const __m128i *)p); }

/* Two fours. */
static inline __m256i two(const dp_linear_plan *p, int64_t i, const uint8_t *row)
{
    const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(load16(row + p->from[i])),
                                                  load16(row + p->from[i + 1]), 1);
    const __m256i pairs = _mm256_shuffle_epi8(bytes, load32(p->places[i]));

    return _mm256_srai_epi32(_mm256_madd_epi16(pairs, load32(p->weights[i])), 4);
}

static void across(const dp_linear_plan *p, const uint8_t *row, int16_t *out)
{
    for (int64_t i = 0; i < p->n; i += 4, out += 16) {
        const __m256i mixed = _mm256_packs_epi32(two(p, i, row), two(p, i + 2, row));
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute4x64_epi64(mixed, 0xd8));
    }
}

static inline __m256i mix16(const int16_t *top, const int16_t *low, __m256i f0, __m256i f1)
{
    const __m256i a = _mm256_mulhi_epi16(load32(top), f0), b = _mm256_mulhi_epi16(load32(low), f1);
    const __m256i sum = _mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_set1_epi16(2));

    return _mm256_srai_epi16(sum, 2);
}

static int64_t down(const int16_t *top, const int16_t *low, const int32_t fixed[2], int64_t n,
                    uint8_t *out)
{
    const __m256i f0 = _mm256_set1_epi16((int16_t)fixed[0]);
    const __m256i f1 = _mm256_set1_epi16((int16_t)fixed[1]);
    int64_t i = 0;

    for (; n - i >= 32; i += 32) {
        const __m256i bytes = _mm256_packus_epi16(mix16(top + i, low + i, f0, f1),
                                                  mix16(top + i + 16, low + i + 16, f0, f1));
        _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_permute4x64_epi64(bytes, 0xd8));
    }
    return i;
}

const dp_linear_kernels dp_linear_avx2 = {across, down};
#endif
