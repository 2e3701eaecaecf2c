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

static void twist(dp_mt19937 *g)
{
    for (int k = 0; k < N; k++) {
        const uint32_t y = (g->x[k] & 0x80000000u) | (g->x[(k + 1) % N] & 0x7FFFFFFFu);
        g->x[k] = g->x[(k + M) % N] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0);
    }
    g->used = 0;
}

uint32_t dp_mt19937_u32(dp_mt19937 *g)
{
    uint32_t y;

    if (g->used == N)
        twist(g);
    y = g->x[g->used++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    return y ^ y >> 18;
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

static void twist_64(dp_mt19937_64 *g)
{
    for (int k = 0; k < N64; k++) {
        const uint64_t y = (g->x[k] & ~(uint64_t)0x7FFFFFFF) | (g->x[(k + 1) % N64] & 0x7FFFFFFF);
        g->x[k] = g->x[(k + M64) % N64] ^ (y >> 1) ^ (y & 1 ? 0xB5026F5AA96619E9u : 0);
    }
    g->used = 0;
}

uint64_t dp_mt19937_64_u64(dp_mt19937_64 *g)
{
    uint64_t y;

    if (g->used == N64)
        twist_64(g);
    y = g->x[g->used++];
    y ^= y >> 29 & 0x5555555555555555u;
    y ^= y << 17 & 0x71D67FFFEDA60000u;
    y ^= y << 37 & 0xFFF7EEE000000000u;
    return y ^ y >> 43;
}
