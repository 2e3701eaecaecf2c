/* mt19937.h - the Mersenne Twisters (Matsumoto and Nishimura 1998; Nishimura 2000), for replaying
 * other libraries
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RANDOM_MT19937_H
#define BASE_RANDOM_MT19937_H

#include <stdint.h>

typedef struct dp_mt19937 {
    uint32_t x[624], word[624]; /* the state; what is delivered of it */
    int used;
} dp_mt19937;

void dp_mt19937_seed(dp_mt19937 *, uint32_t seed);
/* init_by_array: of n words, 1 or more. */
void dp_mt19937_seed_words(dp_mt19937 *, const uint32_t *words, uint32_t n);
void dp_mt19937_refill(dp_mt19937 *);

static inline uint32_t dp_mt19937_u32(dp_mt19937 *g)
{
    if (g->used == 624)
        dp_mt19937_refill(g);
    return g->word[g->used++];
}

typedef struct dp_mt19937_64 {
    uint64_t x[312], word[312];
    int used;
} dp_mt19937_64;

void dp_mt19937_64_seed(dp_mt19937_64 *, uint64_t seed);
void dp_mt19937_64_refill(dp_mt19937_64 *);

static inline uint64_t dp_mt19937_64_u64(dp_mt19937_64 *g)
{
    if (g->used == 312)
        dp_mt19937_64_refill(g);
    return g->word[g->used++];
}

#endif
