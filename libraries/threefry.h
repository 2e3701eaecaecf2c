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

/* high xor low of counters (0, 0) .. (0, n - 1).  The second is the same in AVX2, where there is
 * that: where there is not, it must not be called. */
void dp_threefry_words(dp_threefry key, uint32_t n, uint32_t *out);
void dp_threefry_words_avx2(dp_threefry key, uint32_t n, uint32_t *out);

#endif
