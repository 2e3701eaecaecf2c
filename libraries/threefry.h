/* threefry.h - threefry2x32 of 20 rounds (Salmon and others, SC 2011): what JAX draws
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_THREEFRY_H
#define LIBRARIES_THREEFRY_H

#include <stdint.h>

/* A key, a counter, or what becomes of it. */
typedef struct dp_threefry {
    uint32_t high, low;
} dp_threefry;

dp_threefry dp_threefry2x32(dp_threefry key, dp_threefry counter);

/* n numbers of counters first, first + step, ..: high xor low, either of them masked by `take`. The
 * others are the same in AVX2 and AVX-512, where there is that: where there is not, they must not
 * be called. */
typedef void dp_threefry_line(dp_threefry key, dp_threefry first, dp_threefry step,
                              dp_threefry take, uint32_t n, uint32_t *out);
dp_threefry_line dp_threefry_words, dp_threefry_words_avx2, dp_threefry_words_avx512;

#endif
