/* permute.h - row numbers in a random order: what several libraries share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_PERMUTE_H
#define LIBRARIES_PERMUTE_H

#include "libraries/library.h"

void dp_identity(uint32_t *v, uint64_t n);

static inline void dp_swap(uint32_t *v, uint32_t i, uint32_t j)
{
    const uint32_t kept = v[i];

    v[i] = v[j];
    v[j] = kept;
}

/* 0..n-1 of 32-bit words: by masking and rejection, as RandomState has it, and by Lemire's product,
 * as Generator has it.  n = 1 takes no word. */
uint32_t dp_below_masked(uint32_t n, uint32_t (*next)(void *), void *generator);
uint32_t dp_below_product(uint32_t n, uint32_t (*next)(void *), void *generator);

/* As NumPy shuffles: from the top down, places by masking and rejection. */
void dp_shuffle_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *generator);
/* 0..n-1, so shuffled. */
void dp_permute_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *generator);

/* 0..n-1 as PyTorch shuffles them: from the bottom up, place i with i + word mod (n - i). */
void dp_permute_up(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *generator);

/* All rows through a buffer, ask->order, that holds the next ask->kept of them: place below(held)
 * of it is delivered and replaced by its last, which the next row replaces, as long as there is
 * one. */
void dp_through_buffer(const dp_ask *, uint32_t (*below)(void *, uint32_t), uint32_t *table);

/* Two parts as scikit-learn and datasets cut them, the fraction being test_size: the first one has
 * it, rounded up, the second one the rest. */
dp_status dp_cut_test_first(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                            dp_error *);

/* For libraries that cut by numbers of rows alone. */
dp_status dp_cut_rows_alone(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                            dp_error *);

/* For NumPy's choice: DP_ESPEC unless the weights are probabilities. */
dp_status dp_check_probabilities(const double *weights, uint32_t n, dp_error *);

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
