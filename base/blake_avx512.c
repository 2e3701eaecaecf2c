/* blake_avx512.c - BLAKE2b of eight messages at once, in AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(__x86_64__)
#include <immintrin.h>

#include "base/blake.h"
#include "base/blake_rounds.h"

typedef __m512i lanes;

#define ADD(a, b) _mm512_add_epi64(a, b)
#define MIX(a, b, c, d, x, y)                                                                      \
    do {                                                                                           \
        v[a] = ADD(ADD(v[a], v[b]), x);                                                            \
        v[d] = _mm512_ror_epi64(_mm512_xor_si512(v[d], v[a]), 32);                                 \
        v[c] = ADD(v[c], v[d]);                                                                    \
        v[b] = _mm512_ror_epi64(_mm512_xor_si512(v[b], v[c]), 24);                                 \
        v[a] = ADD(ADD(v[a], v[b]), y);                                                            \
        v[d] = _mm512_ror_epi64(_mm512_xor_si512(v[d], v[a]), 16);                                 \
        v[c] = ADD(v[c], v[d]);                                                                    \
        v[b] = _mm512_ror_epi64(_mm512_xor_si512(v[b], v[c]), 63);                                 \
    } while (0)

/* Of two rows of a matrix in two halves each: their even quarters, and their odd ones. */
#define EVEN(a, b) _mm512_shuffle_i64x2(a, b, 0x88)
#define ODD(a, b)  _mm512_shuffle_i64x2(a, b, 0xdd)

/* Words 8 k to 8 k + 7 of each message, as eight words of all of them. */
static inline void load_words(lanes m[8], const uint8_t *const bytes[8], size_t at)
{
    lanes r[8], p[8];

    for (int i = 0; i < 8; i++)
        r[i] = _mm512_loadu_si512((const void *)(bytes[i] + at));
    for (int i = 0; i < 8; i += 2) { /* words 0, 2, 4, 6 of two messages; 1, 3, 5, 7 */
        p[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
        p[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
    for (int odd = 0; odd < 2; odd++) {
        const lanes a = EVEN(p[odd], p[2 + odd]), b = EVEN(p[4 + odd], p[6 + odd]);
        const lanes c = ODD(p[odd], p[2 + odd]), d = ODD(p[4 + odd], p[6 + odd]);
        m[odd] = EVEN(a, b);
        m[2 + odd] = EVEN(c, d);
        m[4 + odd] = ODD(a, b);
        m[6 + odd] = ODD(c, d);
    }
}

void dp_blake_lanes_avx512(uint64_t states[8][DP_BLAKE_LANES], const uint8_t *const bytes[8],
                           size_t n_blocks)
{
    lanes h[8], v[16], m[16];

    for (int i = 0; i < 8; i++)
        h[i] = _mm512_loadu_si512((const void *)states[i]);
    for (size_t at = 0; at < DP_BLAKE_BLOCK * n_blocks; at += DP_BLAKE_BLOCK) {
        load_words(m, bytes, at);
        load_words(m + 8, bytes, at + 64);
        for (int i = 0; i < 8; i++) {
            v[i] = h[i];
            v[i + 8] = _mm512_set1_epi64((long long)dp_blake_words[i]);
        }
        v[12] = _mm512_xor_si512(v[12], _mm512_set1_epi64((long long)(at + DP_BLAKE_BLOCK)));
        DP_BLAKE_ROUNDS;
        for (int i = 0; i < 8; i++)
            h[i] = _mm512_xor_si512(h[i], _mm512_xor_si512(v[i], v[i + 8]));
    }
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512((void *)states[i], h[i]);
}
#else
typedef int dp_nothing_here;
#endif
