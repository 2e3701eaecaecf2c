/* permute.c - the numbers 0..n-1 in a random order, in the manner of several libraries
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/permute.h"

#define AHEAD 64 /* draws */

static void swap(uint32_t *v, uint32_t i, uint32_t j)
{
    const uint32_t kept = v[i];

    v[i] = v[j];
    v[j] = kept;
}

void dp_identity(uint32_t *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        v[i] = i;
}

/* Places are drawn ahead of the swaps, so that a table larger than the caches is fetched in time.
 */
void dp_shuffle_native(uint32_t *v, uint32_t n, dp_rng *rng)
{
    uint32_t at[AHEAD];

    while (n > 1) {
        const uint32_t some = n - 1 < AHEAD ? n - 1 : AHEAD;
        for (uint32_t i = 0; i < some; i++) {
            at[i] = dp_rng_below(rng, n - i);
            __builtin_prefetch(&v[at[i]], 1);
        }
        for (uint32_t i = 0; i < some; i++)
            swap(v, n - 1 - i, at[i]);
        n -= some;
    }
}

void dp_permute_torch(uint32_t *v, uint32_t n, dp_mt19937 *g)
{
    dp_identity(v, n);
    for (uint32_t i = 0; i + 1 < n; i++)
        swap(v, i, i + dp_mt19937_u32(g) % (n - i));
}

static uint32_t from_mt19937(void *g) { return dp_mt19937_u32(g); }
static uint32_t from_pcg64(void *g) { return dp_pcg64_u32(g); }

/* NumPy's shuffle: from the top down, places by masking and rejection. */
static void permute_numpy(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *g)
{
    dp_identity(v, n);
    for (uint32_t i = n; i > 1; i--) {
        uint32_t mask = i - 1, at;
        for (unsigned shift = 1; shift < 32; shift *= 2)
            mask |= mask >> shift;
        do
            at = next(g) & mask;
        while (at > i - 1);
        swap(v, i - 1, at);
    }
}

void dp_permute_numpy(uint32_t *v, uint32_t n, dp_mt19937 *g)
{
    permute_numpy(v, n, from_mt19937, g);
}

void dp_permute_numpy_generator(uint32_t *v, uint32_t n, dp_pcg64 *g)
{
    permute_numpy(v, n, from_pcg64, g);
}

void dp_bijection_start(dp_bijection *b, uint64_t n, uint64_t key, uint64_t epoch)
{
    dp_rng rng;

    b->n = n;
    for (b->half = 1; b->half < 32 && (n - 1) >> (2 * b->half) != 0;)
        b->half++;
    dp_rng_start(&rng, key, epoch, 0);
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
