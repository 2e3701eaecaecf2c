/* mt19937.c - the Mersenne Twister, for replaying other libraries
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/mt19937.h"

#define N 624
#define M 397

void dp_mt19937_seed(dp_mt19937 *g, uint32_t seed)
{
    g->x[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        g->x[i] = 1812433253u * (g->x[i - 1] ^ (g->x[i - 1] >> 30)) + i;
    g->used = N;
}

static uint32_t carry(const dp_mt19937 *g, uint32_t i, uint32_t factor)
{
    return g->x[i] ^ (g->x[i - 1] ^ g->x[i - 1] >> 30) * factor;
}

/* The place behind i: the last one goes before the first. */
static uint32_t advance(dp_mt19937 *g, uint32_t i)
{
    if (i + 1 < N)
        return i + 1;
    g->x[0] = g->x[N - 1];
    return 1;
}

void dp_mt19937_seed_words(dp_mt19937 *g, const uint32_t *words, uint32_t n)
{
    uint32_t i = 1;

    dp_mt19937_seed(g, 19650218);
    for (uint32_t k = 0, j = 0; k < (n > N ? n : N); k++, j = j + 1 < n ? j + 1 : 0) {
        g->x[i] = carry(g, i, 1664525) + words[j] + j;
        i = advance(g, i);
    }
    for (uint32_t k = 1; k < N; k++) {
        g->x[i] = carry(g, i, 1566083941) - i;
        i = advance(g, i);
    }
    g->x[0] = 0x80000000u;
}

static inline uint32_t twisted(uint32_t high, uint32_t low, uint32_t far)
{
    const uint32_t y = (high & 0x80000000u) | (low & 0x7FFFFFFFu);
    return far ^ y >> 1 ^ (-(y & 1) & 0x9908B0DFu);
}

/* Loops without a branch or a remainder, which compilers vectorize. */
void dp_mt19937_refill(dp_mt19937 *g)
{
    uint32_t *x = g->x;

    for (int k = 0; k < N - M; k++)
        x[k] = twisted(x[k], x[k + 1], x[k + M]);
    for (int k = N - M; k < N - 1; k++)
        x[k] = twisted(x[k], x[k + 1], x[k - (N - M)]);
    x[N - 1] = twisted(x[N - 1], x[0], x[M - 1]);
    for (int k = 0; k < N; k++) {
        uint32_t y = x[k];
        y ^= y >> 11;
        y ^= y << 7 & 0x9D2C5680u;
        y ^= y << 15 & 0xEFC60000u;
        g->word[k] = y ^ y >> 18;
    }
    g->used = 0;
}

#define N64 312
#define M64 156

void dp_mt19937_64_seed(dp_mt19937_64 *g, uint64_t seed)
{
    g->x[0] = seed;
    for (uint64_t i = 1; i < N64; i++)
        g->x[i] = 6364136223846793005u * (g->x[i - 1] ^ (g->x[i - 1] >> 62)) + i;
    g->used = N64;
}

static inline uint64_t twisted_64(uint64_t high, uint64_t low, uint64_t far)
{
    const uint64_t y = (high & ~(uint64_t)0x7FFFFFFF) | (low & 0x7FFFFFFF);
    return far ^ y >> 1 ^ (-(y & 1) & 0xB5026F5AA96619E9u);
}

void dp_mt19937_64_refill(dp_mt19937_64 *g)
{
    uint64_t *x = g->x;

    for (int k = 0; k < N64 - M64; k++)
        x[k] = twisted_64(x[k], x[k + 1], x[k + M64]);
    for (int k = N64 - M64; k < N64 - 1; k++)
        x[k] = twisted_64(x[k], x[k + 1], x[k - (N64 - M64)]);
    x[N64 - 1] = twisted_64(x[N64 - 1], x[0], x[M64 - 1]);
    for (int k = 0; k < N64; k++) {
        uint64_t y = x[k];
        y ^= y >> 29 & 0x5555555555555555u;
        y ^= y << 17 & 0x71D67FFFEDA60000u;
        y ^= y << 37 & 0xFFF7EEE000000000u;
        g->word[k] = y ^ y >> 43;
    }
    g->used = 0;
}
