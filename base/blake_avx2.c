/* blake_avx2.c - BLAKE2b of four messages at once, in AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(__x86_64__)
#include <immintrin.h>

#include "base/blake.h"
#include "base/blake_rounds.h"

typedef __m256i lanes;

static inline lanes turn_32(lanes x) { return _mm256_shuffle_epi32(x, 0xb1); }
static inline lanes turn_63(lanes x)
{
    return _mm256_xor_si256(_mm256_srli_epi64(x, 63), _mm256_add_epi64(x, x));
}
static inline lanes turn_24(lanes x)
{
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9,
                                                   10, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15,
                                                   8, 9, 10));
}
static inline lanes turn_16(lanes x)
{
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15,
                                                   8, 9, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14,
                                                   15, 8, 9));
}

#define ADD(a, b) _mm256_add_epi64(a, b)
#define MIX(a, b, c, d, x, y)                                                                      \
    do {                                                                                           \
        v[a] = ADD(ADD(v[a], v[b]), x);                                                            \
        v[d] = turn_32(_mm256_xor_si256(v[d], v[a]));                                              \
        v[c] = ADD(v[c], v[d]);                                                                    \
        v[b] = turn_24(_mm256_xor_si256(v[b], v[c]));                                              \
        v[a] = ADD(ADD(v[a], v[b]), y);                                                            \
        v[d] = turn_16(_mm256_xor_si256(v[d], v[a]));                                              \
        v[c] = ADD(v[c], v[d]);                                                                    \
        v[b] = turn_63(_mm256_xor_si256(v[b], v[c]));                                              \
    } while (0)

/* Words 4 k to 4 k + 3 of each message, as four words of all of them. */
static inline void load_words(lanes m[4], const uint8_t *const bytes[4], size_t at)
{
    const lanes a = _mm256_loadu_si256((const void *)(bytes[0] + at));
    const lanes b = _mm256_loadu_si256((const void *)(bytes[1] + at));
    const lanes c = _mm256_loadu_si256((const void *)(bytes[2] + at));
    const lanes d = _mm256_loadu_si256((const void *)(bytes[3] + at));
    const lanes ab = _mm256_unpacklo_epi64(a, b), AB = _mm256_unpackhi_epi64(a, b);
    const lanes cd = _mm256_unpacklo_epi64(c, d), CD = _mm256_unpackhi_epi64(c, d);

    m[0] = _mm256_permute2x128_si256(ab, cd, 0x20);
    m[1] = _mm256_permute2x128_si256(AB, CD, 0x20);
    m[2] = _mm256_permute2x128_si256(ab, cd, 0x31);
    m[3] = _mm256_permute2x128_si256(AB, CD, 0x31);
}

void dp_blake_lanes_avx2(uint64_t states[8][DP_BLAKE_LANES], const uint8_t *const bytes[4],
                         size_t n_blocks)
{
    lanes h[8], v[16], m[16];

    for (int i = 0; i < 8; i++)
        h[i] = _mm256_loadu_si256((const void *)states[i]);
    for (size_t at = 0; at < DP_BLAKE_BLOCK * n_blocks; at += DP_BLAKE_BLOCK) {
        for (int i = 0; i < 4; i++)
            load_words(m + 4 * i, bytes, at + 32 * (size_t)i);
        for (int i = 0; i < 8; i++) {
            v[i] = h[i];
            v[i + 8] = _mm256_set1_epi64x((long long)dp_blake_words[i]);
        }
        v[12] = _mm256_xor_si256(v[12], _mm256_set1_epi64x((long long)(at + DP_BLAKE_BLOCK)));
        DP_BLAKE_ROUNDS;
        for (int i = 0; i < 8; i++)
            h[i] = _mm256_xor_si256(h[i], _mm256_xor_si256(v[i], v[i + 8]));
    }
    for (int i = 0; i < 8; i++)
        _mm256_storeu_si256((void *)states[i], h[i]);
}
#else
typedef int dp_nothing_here;
#endif
