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

/* Below, places are drawn ahead of the swaps, so that a table larger than the caches is fetched in
 * time; and the functions are compiled into their callers, with the generator. */
#define DP_AHEAD    64 /* draws */
#define DP_COMPILED static inline __attribute__((always_inline))

/* As NumPy shuffles: from the top down, places by masking and rejection.  A place that is too large
 * is drawn over without a branch, which nobody could foresee; so all have one mask. */
DP_COMPILED void dp_shuffle_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *),
                                   void *generator)
{
    uint32_t at[DP_AHEAD];

    while (n > 1) {
        const uint32_t mask = UINT32_MAX >> __builtin_clz(n - 1), same = n - 1 - (mask >> 1);
        const uint32_t some = same < DP_AHEAD ? same : DP_AHEAD;
        for (uint32_t i = 0; i < some;) {
            at[i] = next(generator) & mask;
            i += at[i] <= n - 1 - i;
        }
        for (uint32_t i = 0; i < some; i++)
            __builtin_prefetch(&v[at[i]], 1);
        for (uint32_t i = 0; i < some; i++)
            dp_swap(v, n - 1 - i, at[i]);
        n -= some;
    }
}
/* 0..n-1, so shuffled. */
DP_COMPILED void dp_permute_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *),
                                   void *generator)
{
    dp_identity(v, n);
    dp_shuffle_masked(v, n, next, generator);
}

/* 0..n-1 as PyTorch shuffles them: from the bottom up, place i with i + word mod (n - i). */
DP_COMPILED void dp_permute_up(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *generator)
{
    uint32_t at[DP_AHEAD];

    dp_identity(v, n);
    for (uint32_t first = 0; first + 1 < n; first += DP_AHEAD) {
        const uint32_t left = n - 1 - first, some = left < DP_AHEAD ? left : DP_AHEAD;
        for (uint32_t i = first; i < first + some; i++) {
            at[i - first] = i + next(generator) % (n - i);
            __builtin_prefetch(&v[at[i - first]], 1);
        }
        for (uint32_t i = 0; i < some; i++)
            dp_swap(v, first + i, at[i]);
    }
}

/* All rows through a buffer, ask->order, that holds the next ask->kept of them: place below(held)
 * of it is delivered and replaced by its last, which the next row replaces, as long as there is
 * one. */
DP_COMPILED void dp_through_buffer(const dp_ask *ask, uint32_t (*below)(void *, uint32_t),
                                   uint32_t *table)
{
    uint32_t *buffer = ask->order, at[DP_AHEAD];
    const uint32_t n = (uint32_t)ask->rows;
    uint32_t held = (uint32_t)ask->kept, next = held;

    dp_identity(buffer, held);
    for (uint32_t first = 0; first < n; first += DP_AHEAD) {
        const uint32_t some = n - first < DP_AHEAD ? n - first : DP_AHEAD, come = n - next;
        for (uint32_t i = 0; i < some; i++) {
            at[i] = below(ask->generator, i < come ? held : held - (i - come));
            __builtin_prefetch(&buffer[at[i]], 1);
        }
        for (uint32_t i = 0; i < some; i++) {
            table[first + i] = buffer[at[i]];
            buffer[at[i]] = buffer[held - 1];
            if (next < n)
                buffer[held - 1] = next++;
            else
                held--;
        }
    }
}

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
 * Rogaway, CT-RSA 2002).  6 bits at least: over 4, few of the orders of five rows come. */
typedef struct dp_bijection {
    uint64_t n;
    uint32_t half; /* bits of each half */
    uint32_t keys[8];
} dp_bijection;
void dp_bijection_start(dp_bijection *, uint64_t n, uint64_t key, uint64_t epoch, uint64_t ordinal);
uint64_t dp_bijection_at(const dp_bijection *, uint64_t i);

#endif
