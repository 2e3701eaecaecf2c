/* pass_avx2.c - bytes of three channels to floats in planes, in AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Which of 16 bytes at 0 and of 16 at 8 are the channel's in 24 bytes of 8 pixels. */
#define __ (-1)
static const int8_t low[3][16] = {{0, 3, 6, 9, 12, 15, __, __, __, __, __, __, __, __, __, __},
                                  {1, 4, 7, 10, 13, __, __, __, __, __, __, __, __, __, __, __},
                                  {2, 5, 8, 11, 14, __, __, __, __, __, __, __, __, __, __, __}};
static const int8_t high[3][16] = {{__, __, __, __, __, __, 10, 13, __, __, __, __, __, __, __, __},
                                   {__, __, __, __, __, 8, 11, 14, __, __, __, __, __, __, __, __},
                                   {__, __, __, __, __, 9, 12, 15, __, __, __, __, __, __, __, __}};

/* Five pixels at a time, in sixteen bytes of which the first is another's. */
int32_t dp_pass_mirror_avx2(const uint8_t *last, int32_t n, uint8_t *dst)
{
    const __m128i order = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, __);
    int32_t done = 0;

    for (; n - done >= 6; done += 5, last -= 15, dst += 15) {
        const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)(last - 13));
        _mm_storeu_si128((__m128i *)(void *)dst, _mm_shuffle_epi8(pixels, order));
    }
    return done;
}

static void one_channel(const struct dp_affine *k, const uint8_t *pixels, int32_t n8, int c,
                        float *plane)
{
    const __m256 a = _mm256_set1_ps(k->a), b = _mm256_set1_ps(k->b), m = _mm256_set1_ps(k->m);
    const __m256 s = _mm256_set1_ps(k->s), r = _mm256_set1_ps(k->r);
    const __m128i first = _mm_loadu_si128((const __m128i *)(const void *)low[c]);
    const __m128i second = _mm_loadu_si128((const __m128i *)(const void *)high[c]);

    for (int32_t i = 0; i < n8; i++, pixels += 24, plane += 8) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)pixels);
        const __m128i y = _mm_loadu_si128((const __m128i *)(const void *)(pixels + 8));
        const __m128i bytes = _mm_or_si128(_mm_shuffle_epi8(x, first), _mm_shuffle_epi8(y, second));
        const __m256 v = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
        const __m256 u = _mm256_sub_ps(_mm256_fmadd_ps(v, a, b), m), q = _mm256_mul_ps(u, r);
        _mm256_storeu_ps(plane, _mm256_fmadd_ps(_mm256_fnmadd_ps(q, s, u), r, q));
    }
}

void dp_pass_affine_avx2(const struct dp_affine k[3], const uint8_t *pixels, int32_t n8,
                         float *const planes[3])
{
    for (int c = 0; c < 3; c++)
        one_channel(&k[c], pixels, n8, c, planes[c]);
}
#endif
