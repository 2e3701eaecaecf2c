/* mt19937.h - the Mersenne Twisters (Matsumoto and Nishimura 1998; Nishimura 2000), for replaying
 * other libraries
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RANDOM_MT19937_H
#define BASE_RANDOM_MT19937_H

#include <stdint.h>

typedef struct dp_mt19937 {
    uint32_t x[624];
    int used;
} dp_mt19937;

void dp_mt19937_seed(dp_mt19937 *, uint32_t seed);
/* init_by_array: of n words, 1 or more. */
void dp_mt19937_seed_words(dp_mt19937 *, const uint32_t *words, uint32_t n);
uint32_t dp_mt19937_u32(dp_mt19937 *);

typedef struct dp_mt19937_64 {
    uint64_t x[312];
    int used;
} dp_mt19937_64;

void dp_mt19937_64_seed(dp_mt19937_64 *, uint64_t seed);
uint64_t dp_mt19937_64_u64(dp_mt19937_64 *);

#endif
