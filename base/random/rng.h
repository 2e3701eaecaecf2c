/* rng.h - Philox4x32-10 (Salmon et al., SC'11): random numbers as a function of a key and a place
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native keys: key = XXH3-64(seed as 8 bytes little-endian, stage name, use as 4 bytes
 * little-endian), so another stage in the text leaves a stage's draws as they were.  Counter =
 * (draw / 4, epoch, ordinal low, epoch high and ordinal high): every sample of every epoch has its
 * own 2^34 draws.
 */
#ifndef BASE_RANDOM_RNG_H
#define BASE_RANDOM_RNG_H

#include <stdint.h>

#define DP_MAX_ORDINAL ((uint64_t)1 << 48) /* of epochs and of rows in one */

typedef struct dp_rng {
    uint32_t key[2], counter[4], block[4];
    uint32_t used; /* words of block that are gone */
} dp_rng;

void dp_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

uint64_t dp_rng_key(uint64_t seed, const char *name, uint32_t use);
void dp_rng_start(dp_rng *, uint64_t key, uint64_t epoch, uint64_t ordinal);

uint32_t dp_rng_u32(dp_rng *);
uint32_t dp_rng_below(dp_rng *,
                      uint32_t n); /* uniform in 0..n-1, n >= 1, by rejection (Lemire 2019) */
double dp_rng_uniform(dp_rng *);   /* (u32 >> 8) * 2^-24: 0 <= u < 1 */

#endif
