/* pillow_avx2.c - the kernels of pillow.h for x86-64 with AVX2
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A weight is high * 2^11 + low, so that bytes times weights are products of 16 bits, two of which
 * are summed by one instruction.  Sums of high and of low parts join at the end; modulo 2^32 that
 * is the sum of the specification.
 */
#include "transforms/shared/pillow.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

static inline __m128i load16(const void *p) { return _mm_loadu_si128((const __m128i *)p); }

/* ---- across: 16 bytes of a row are a group of source places ---- */

/* Words of (place, place + 1) of each channel; four channels' in each half. */
#define __ (-1)
static const int8_t pair_1[32] = {0, __, 1, __, 2,  __, 3,  __, 4,  __, 5,  __, 6,  __, 7,  __,
                                  8, __, 9, __, 10, __, 11, __, 12, __, 13, __, 14, __, 15, __};
static const int8_t pair_2[32] = {0, __, 2,  __, 1, __, 3,  __, 4,  __, 6,  __, 5,  __, 7,  __,
                                  8, __, 10, __, 9, __, 11, __, 12, __, 14, __, 13, __, 15, __};
static const int8_t pair_3[32] = {0, __, 3, __, 1, __, 4,  __, 2, __, 5,  __, __, __, __, __,
                                  6, __, 9, __, 7, __, 10, __, 8, __, 11, __, __, __, __, __};
static const int8_t pair_4[32] = {0, __, 4,  __, 1, __, 5,  __, 2,  __, 6,  __, 3,  __, 7,  __,
                                  8, __, 12, __, 9, __, 13, __, 10, __, 14, __, 11, __, 15, __};
/* Weights of a pair beside each channel's words. */
static const int8_t weights_2[32] = {0, 1, 2,  3,  0, 1, 2,  3,  4,  5,  6,  7,  4,  5,  6,  7,
                                     8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15};
static const int8_t weights_4[32] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
                                     4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7};
#undef __

static inline __m256i load32(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

static inline __m256i pairs_of(int channels)
{
    return load32(channels == 1   ? pair_1
                  : channels == 2 ? pair_2
                  : channels == 3 ? pair_3
                                  : pair_4);
}

static inline __m256i weights_of(int channels, const int16_t *halves)
{
    if (channels == 1)
        return load32(halves);
    if (channels == 2)
        return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load16(halves)), load32(weights_2));
    return _mm256_shuffle_epi8(
        _mm256_broadcastsi128_si256(_mm_loadl_epi64((const __m128i *)(const void *)halves)),
        load32(weights_4));
}

/* Of high and low halves. */
typedef struct sums {
    __m256i high, low;
} sums;

static const sums none;

static inline sums plus(sums s, const uint8_t *row, __m256i pairs, sums weights)
{
    const __m256i pixels = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load16(row)), pairs);

    s.high = _mm256_add_epi32(s.high, _mm256_madd_epi16(pixels, weights.high));
    s.low = _mm256_add_epi32(s.low, _mm256_madd_epi16(pixels, weights.low));
    return s;
}

/* The channels' sums, in the first words. */
static inline __m128i whole(int channels, sums s, int32_t bits)
{
    const __m256i both = _mm256_add_epi32(_mm256_slli_epi32(s.high, DP_PILLOW_LOW), s.low);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));

    if (channels <= 2)
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    if (channels == 1)
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return _mm_sra_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (bits - 1))),
                         _mm_cvtsi32_si128(bits));
}

/* A byte more of three channels, unless it is the last pixel: the next one's place. */
static inline void put(int channels, int32_t pixel, uint8_t *out, bool last)
{
    if (channels == 3 && !last)
        memcpy(out, &pixel, 4);
    else
        memcpy(out, &pixel, (size_t)channels);
}

static inline __attribute__((always_inline)) void across_four(const dp_pillow_axis *axis,
                                                              int channels,
                                                              const uint8_t *const rows[],
                                                              uint8_t *const out[])
{
    const int group = channels == 3 ? 4 : 16 / channels;
    const __m256i pairs = pairs_of(channels);

    for (int64_t x = 0; x < axis->dst; x++) {
        const dp_pillow_taps t = dp_pillow_at(axis, x);
        int64_t at = (int64_t)t.first * channels;
        sums a = none, b = none, c = none, d = none;
        for (int32_t i = 0; i < t.count; i += group, at += group * channels) {
            const sums weights = {weights_of(channels, t.high + i),
                                  weights_of(channels, t.low + i)};
            a = plus(a, rows[0] + at, pairs, weights);
            b = plus(b, rows[1] + at, pairs, weights);
            c = plus(c, rows[2] + at, pairs, weights);
            d = plus(d, rows[3] + at, pairs, weights);
        }
        const __m128i first =
            _mm_packs_epi32(whole(channels, a, t.bits), whole(channels, b, t.bits));
        const __m128i second =
            _mm_packs_epi32(whole(channels, c, t.bits), whole(channels, d, t.bits));
        const __m128i bytes = _mm_packus_epi16(first, second);
        const bool last = x + 1 == axis->dst;
        put(channels, _mm_cvtsi128_si32(bytes), out[0] + x * channels, last);
        put(channels, _mm_extract_epi32(bytes, 1), out[1] + x * channels, last);
        put(channels, _mm_extract_epi32(bytes, 2), out[2] + x * channels, last);
        put(channels, _mm_extract_epi32(bytes, 3), out[3] + x * channels, last);
    }
}

static inline __attribute__((always_inline)) void across_one(const dp_pillow_axis *axis,
                                                             int channels, const uint8_t *row,
                                                             uint8_t *out)
{
    const int group = channels == 3 ? 4 : 16 / channels;
    const __m256i pairs = pairs_of(channels);

    for (int64_t x = 0; x < axis->dst; x++, out += channels) {
        const dp_pillow_taps t = dp_pillow_at(axis, x);
        const uint8_t *at = row + (int64_t)t.first * channels;
        sums sum = none;
        for (int32_t i = 0; i < t.count; i += group, at += group * channels)
            sum = plus(sum, at, pairs,
                       (sums){weights_of(channels, t.high + i), weights_of(channels, t.low + i)});
        const __m128i words =
            _mm_packs_epi32(whole(channels, sum, t.bits), whole(channels, sum, t.bits));
        put(channels, _mm_cvtsi128_si32(_mm_packus_epi16(words, words)), out, x + 1 == axis->dst);
    }
}

static inline __attribute__((always_inline)) void across_channels(const dp_pillow_axis *axis,
                                                                  int channels,
                                                                  const uint8_t *const rows[],
                                                                  int n, uint8_t *const out[])
{
    if (n == DP_PILLOW_ROWS) {
        across_four(axis, channels, rows, out);
        return;
    }
    for (int i = 0; i < n; i++)
        across_one(axis, channels, rows[i], out[i]);
}

static void across(const dp_pillow_axis *axis, int64_t channels, const uint8_t *const rows[], int n,
                   uint8_t *const out[])
{
    switch (channels) {
    case 1: across_channels(axis, 1, rows, n, out); break;
    case 2: across_channels(axis, 2, rows, n, out); break;
    case 3: across_channels(axis, 3, rows, n, out); break;
    default: across_channels(axis, 4, rows, n, out); break;
    }
}

/* ---- down: bytes of two rows, beside each other, times two weights ---- */

static inline int32_t two(const int16_t *halves)
{
    int32_t v;
    memcpy(&v, halves, 4);
    return v;
}

/* 32 bytes from x on. */
static inline __m256i down_32(const dp_pillow_taps *t, const uint8_t *const rows[], size_t x)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i high[4], low[4], sum[4];

    for (int k = 0; k < 4; k++)
        high[k] = low[k] = zero;
    for (int32_t i = 0; i < t->count; i += 2) {
        const __m256i a = load32(rows[i] + x), b = load32(rows[i + 1] + x);
        const __m256i first = _mm256_unpacklo_epi8(a, b), second = _mm256_unpackhi_epi8(a, b);
        const __m256i pairs[4] = {
            _mm256_unpacklo_epi8(first, zero), _mm256_unpackhi_epi8(first, zero),
            _mm256_unpacklo_epi8(second, zero), _mm256_unpackhi_epi8(second, zero)};
        const __m256i by_high = _mm256_set1_epi32(two(t->high + i));
        const __m256i by_low = _mm256_set1_epi32(two(t->low + i));
        for (int k = 0; k < 4; k++) {
            high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(pairs[k], by_high));
            low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(pairs[k], by_low));
        }
    }
    for (int k = 0; k < 4; k++) {
        const __m256i both = _mm256_add_epi32(_mm256_slli_epi32(high[k], DP_PILLOW_LOW), low[k]);
        sum[k] = _mm256_sra_epi32(_mm256_add_epi32(both, _mm256_set1_epi32(1 << (t->bits - 1))),
                                  _mm_cvtsi32_si128(t->bits));
    }
    return _mm256_packus_epi16(_mm256_packs_epi32(sum[0], sum[1]),
                               _mm256_packs_epi32(sum[2], sum[3]));
}

/* The last 32 bytes are made with some of those before them once more. */
static void down(const dp_pillow_taps *t, const uint8_t *const rows[], size_t n, uint8_t *out)
{
    if (n < 32) {
        dp_pillow_scalar.down(t, rows, n, out);
        return;
    }
    for (size_t x = 0; x < n; x += 32) {
        const size_t from = x + 32 <= n ? x : n - 32;
        _mm256_storeu_si256((__m256i *)(void *)(out + from), down_32(t, rows, from));
    }
}

const dp_pillow_kernels dp_pillow_avx2 = {across, down};
#endif
