/* pass_avx2.c - pixels of three bytes turned round, in AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/pass.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Five pixels at a time, in sixteen bytes of which the first is another's. */
int32_t dp_pass_mirror_avx2(const uint8_t *last, int32_t n, uint8_t *dst)
{
    const __m128i order = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, -1);
    int32_t done = 0;

    for (; n - done >= 6; done += 5, last -= 15, dst += 15) {
        const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)(last - 13));
        _mm_storeu_si128((__m128i *)(void *)dst, _mm_shuffle_epi8(pixels, order));
    }
    return done;
}
#endif
