/* std_random.h - the distributions of libstdc++ (GCC 10 and older) over mt19937, which MindSpore's
 * orders and draws are made with
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md: the rules, confirmed on MindSpore 2.10.0.
 */
#ifndef BASE_RANDOM_STD_RANDOM_H
#define BASE_RANDOM_STD_RANDOM_H

#include <stdbool.h>

#include "base/random/mt19937.h"

/* uniform_int_distribution: 0..most, by division and rejection; one draw at least. */
uint32_t dp_std_uniform_int(dp_mt19937 *, uint32_t most);

/* generate_canonical: 0 <= u < 1; two draws, the second is the high word; or one draw. */
double dp_std_canonical(dp_mt19937 *);
float dp_std_canonical_float(dp_mt19937 *);

bool dp_std_bernoulli(dp_mt19937 *, double p);

/* gamma_distribution<float>(alpha, 1), which keeps every other number of its normal_distribution.
 * Begin with {.alpha = alpha}. */
typedef struct dp_std_gamma {
    float alpha, kept;
    bool has_kept;
} dp_std_gamma;
float dp_std_gamma_next(dp_std_gamma *, dp_mt19937 *);

/* std::sample: k of the numbers 0..n-1, a bit each; n at most 64. */
uint64_t dp_std_sample(uint32_t n, uint32_t k, dp_mt19937 *);

/* std::shuffle of v[0..n-1]; of what is not words, by what swaps two of it. */
void dp_std_shuffle(uint32_t *v, uint32_t n, dp_mt19937 *);
typedef void dp_std_swap(void *v, uint32_t, uint32_t);
void dp_std_shuffle_by(dp_std_swap *, void *v, uint32_t n, dp_mt19937 *);

#endif
