/* permute.c - row numbers in a random order: what several libraries share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "libraries/permute.h"

void dp_identity(uint32_t *v, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        v[i] = (uint32_t)i;
}

void dp_permute_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *generator)
{
    dp_identity(v, n);
    for (uint32_t i = n; i > 1; i--) {
        uint32_t mask = i - 1, at;
        for (unsigned shift = 1; shift < 32; shift *= 2)
            mask |= mask >> shift;
        do
            at = next(generator) & mask;
        while (at > i - 1);
        dp_swap(v, i - 1, at);
    }
}

void dp_through_buffer(const dp_ask *ask, uint32_t (*below)(void *, uint32_t), uint32_t *table)
{
    uint32_t *buffer = ask->order;
    uint32_t held = (uint32_t)ask->kept, next = held;

    dp_identity(buffer, held);
    for (uint64_t i = 0; i < ask->rows; i++) {
        const uint32_t at = below(ask->generator, held);
        table[i] = buffer[at];
        buffer[at] = buffer[held - 1];
        if (next < ask->rows)
            buffer[held - 1] = next++;
        else
            held--;
    }
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
