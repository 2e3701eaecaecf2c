/* permute.c - row numbers in a random order: what several libraries share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "libraries/permute.h"

void dp_identity(uint32_t *v, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        v[i] = (uint32_t)i;
}

uint32_t dp_below_masked(uint32_t n, uint32_t (*next)(void *), void *generator)
{
    uint32_t i;

    if (n <= 1)
        return 0;
    do
        i = next(generator) & (UINT32_MAX >> __builtin_clz(n - 1));
    while (i >= n);
    return i;
}

uint32_t dp_below_product(uint32_t n, uint32_t (*next)(void *), void *generator)
{
    uint64_t product;

    if (n <= 1)
        return 0;
    product = (uint64_t)next(generator) * n;
    if ((uint32_t)product < n) {
        const uint32_t least = -n % n;
        while ((uint32_t)product < least)
            product = (uint64_t)next(generator) * n;
    }
    return (uint32_t)(product >> 32);
}

dp_status dp_cut_test_first(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                            dp_error *err)
{
    if (n != 2)
        return dp_fail(err, DP_ESPEC, "takes two fractions, the test part and the rest, not %d", n);
    sizes[0] = (uint64_t)ceil(fractions[0] * (double)rows);
    sizes[1] = rows - sizes[0];
    if (sizes[0] == 0 || sizes[0] >= rows)
        return dp_fail(err, DP_ESPEC, "the parts of %llu rows have %llu and none",
                       (unsigned long long)rows, (unsigned long long)rows);
    return DP_OK;
}

dp_status dp_cut_rows_alone(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                            dp_error *err)
{
    (void)fractions, (void)n, (void)sizes;
    return dp_fail(err, DP_ESPEC, "NumPy has no fractions: give sizes in rows, %llu in all",
                   (unsigned long long)rows);
}

/* Kahan's sum, and the square root of epsilon: what NumPy looks at. */
dp_status dp_check_probabilities(const double *weights, uint32_t n, dp_error *err)
{
    double sum = n > 0 ? weights[0] : 0, lost = 0;

    for (uint32_t i = 1; i < n; i++) {
        const double y = weights[i] - lost, t = sum + y;
        lost = (t - sum) - y;
        sum = t;
    }
    if (sum - 1 > 0x1p-26 || sum - 1 < -0x1p-26)
        return dp_fail(err, DP_ESPEC, "NumPy takes probabilities that sum to 1, not to %.10g", sum);
    return DP_OK;
}

void dp_bijection_start(dp_bijection *b, uint64_t n, uint64_t key, uint64_t epoch, uint64_t ordinal)
{
    dp_rng rng;

    b->n = n;
    for (b->half = 3; b->half < 32 && (n - 1) >> (2 * b->half) != 0;)
        b->half++;
    dp_rng_start(&rng, key, epoch, ordinal);
    for (int i = 0; i < 8; i++)
        b->keys[i] = dp_rng_u32(&rng);
}

/* The finalizer of MurmurHash3 (Appleby). */
static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    return x ^ x >> 16;
}

uint64_t dp_bijection_at(const dp_bijection *b, uint64_t i)
{
    const uint32_t mask = UINT32_MAX >> (32 - b->half);

    do {
        uint32_t left = (uint32_t)(i >> b->half) & mask, right = (uint32_t)i & mask;
        for (int round = 0; round < 8; round++) {
            const uint32_t next = left ^ (mix(right ^ b->keys[round]) & mask);
            left = right;
            right = next;
        }
        i = (uint64_t)left << b->half | right;
    } while (i >= b->n);
    return i;
}
