/* permute.h - the numbers 0..n-1 in a random order, in the manner of several libraries
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_ORDER_PERMUTE_H
#define PIPELINE_ORDER_PERMUTE_H

#include "base/random/mt19937.h"
#include "base/random/pcg64.h"
#include "base/random/rng.h"

/* Up to here a permutation is a table, beyond it is computed for each position. */
#define DP_MAX_TABLE 100000000u

void dp_identity(uint32_t *v, uint32_t n);

/* Native: Fisher and Yates (Knuth, TAOCP 2, 3.4.2 P) on v from the top down, i = n-1 .. 1 swaps
 * with below(i + 1). */
void dp_shuffle_native(uint32_t *v, uint32_t n, dp_rng *);

/* torch.randperm(n, generator=...) of PyTorch 2.7. */
void dp_permute_torch(uint32_t *v, uint32_t n, dp_mt19937 *);
/* numpy.random.RandomState(...).permutation(n) of NumPy 1.17 and later. */
void dp_permute_numpy(uint32_t *v, uint32_t n, dp_mt19937 *);
/* numpy.random.default_rng(...).permutation(n). */
void dp_permute_numpy_generator(uint32_t *v, uint32_t n, dp_pcg64 *);

/* A permutation of 0..n-1 that is computed, for any n: a Feistel network over the least even number
 * of bits that holds n, 8 rounds keyed by Philox, walked until the value is below n (Black and
 * Rogaway, CT-RSA 2002). */
typedef struct dp_bijection {
    uint64_t n;
    uint32_t half; /* bits of each half */
    uint32_t keys[8];
} dp_bijection;
void dp_bijection_start(dp_bijection *, uint64_t n, uint64_t key, uint64_t epoch);
uint64_t dp_bijection_at(const dp_bijection *, uint64_t i);

#endif
