/* lines_avx2.c - the kernels of lines.h for x86-64 with AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/lines.h"

#if defined(__x86_64__)
#include <immintrin.h>

typedef const __m128i *bytes16;
#define load16(p) _mm_loadu_si128((bytes16)(const void *)(p))

#define vf          __m256
#define vi          __m256i
#define vm          __m256
#define VL          8
#define v_places(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define v_mask(p)   _mm256_castsi256_ps(v_places(p))
#define v_pick(p, places)                                                                          \
    _mm256_cvtepi32_ps(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load16(p)), places))
#define v_choose _mm256_blendv_ps
#define v_set1   _mm256_set1_ps
#define v_store  _mm256_storeu_ps
#define v_stream _mm256_stream_ps
#define v_fence  _mm_sfence
#define v_sub    _mm256_sub_ps
#define v_mul    _mm256_mul_ps
#define v_fma    _mm256_fmadd_ps
#define v_fnma   _mm256_fnmadd_ps
#include "transforms/pass/lines_template.h"

/* Where the bytes of a channel of 16 pixels are in three vectors of 16 bytes. */
#define __ (-1)
static const int8_t in_first[3][16] = {
    {0, 3, 6, 9, 12, 15, __, __, __, __, __, __, __, __, __, __},
    {1, 4, 7, 10, 13, __, __, __, __, __, __, __, __, __, __, __},
    {2, 5, 8, 11, 14, __, __, __, __, __, __, __, __, __, __, __},
};
static const int8_t in_second[3][16] = {
    {__, __, __, __, __, __, 2, 5, 8, 11, 14, __, __, __, __, __},
    {__, __, __, __, __, 0, 3, 6, 9, 12, 15, __, __, __, __, __},
    {__, __, __, __, __, 1, 4, 7, 10, 13, __, __, __, __, __, __},
};
static const int8_t in_third[3][16] = {
    {__, __, __, __, __, __, __, __, __, __, __, 1, 4, 7, 10, 13},
    {__, __, __, __, __, __, __, __, __, __, __, 2, 5, 8, 11, 14},
    {__, __, __, __, __, __, __, __, __, __, 0, 3, 6, 9, 12, 15},
};

int32_t dp_split_avx2(const uint8_t *pixels, int32_t n, uint8_t *const planes[3])
{
    int32_t i = 0;

    for (; n - i >= 16; i += 16, pixels += 48) {
        const __m128i x = load16(pixels), y = load16(pixels + 16), z = load16(pixels + 32);
        for (int c = 0; c < 3; c++) {
            const __m128i xy = _mm_or_si128(_mm_shuffle_epi8(x, load16(in_first[c])),
                                            _mm_shuffle_epi8(y, load16(in_second[c])));
            _mm_storeu_si128((__m128i *)(void *)(planes[c] + i),
                             _mm_or_si128(xy, _mm_shuffle_epi8(z, load16(in_third[c]))));
        }
    }
    return i;
}

const dp_line_kernels dp_line_kernels_avx2 = {lines, dp_split_avx2};
#endif
