/* pcg64.h - PCG XSL-RR 128/64 (O'Neill 2014) as numpy.random.default_rng seeds and reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RANDOM_PCG64_H
#define BASE_RANDOM_PCG64_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dp_u128 {
    uint64_t high, low;
} dp_u128;

typedef struct dp_pcg64 {
    dp_u128 state, increment;
    uint32_t half; /* the upper half of the last output, when it is kept */
    bool kept;
} dp_pcg64;

/* SeedSequence(seed), the entropy being one integer. */
void dp_pcg64_seed(dp_pcg64 *, uint64_t seed);
uint64_t dp_pcg64_u64(dp_pcg64 *);
uint32_t dp_pcg64_u32(dp_pcg64 *); /* lower half first */

#endif
