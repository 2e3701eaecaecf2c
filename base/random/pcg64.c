/* pcg64.c - PCG XSL-RR 128/64 as numpy.random.default_rng seeds and reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/pcg64.h"

#define POOL 4

/* SeedSequence's hash: a multiplier that changes with every word. */
static uint32_t mix_in(uint32_t value, uint32_t *multiplier)
{
    value ^= *multiplier;
    *multiplier *= 0x931E8875u;
    value *= *multiplier;
    return value ^ value >> 16;
}

static uint32_t mix(uint32_t x, uint32_t y)
{
    const uint32_t result = x * 0xCA01F9DDu - y * 0x4973F715u;

    return result ^ result >> 16;
}

static void fill_pool(uint32_t pool[POOL], uint64_t seed)
{
    const uint32_t entropy[POOL] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t multiplier = 0x43B0D7E5u;

    for (int i = 0; i < POOL; i++)
        pool[i] = mix_in(entropy[i], &multiplier);
    for (int from = 0; from < POOL; from++) {
        for (int to = 0; to < POOL; to++) {
            if (from != to)
                pool[to] = mix(pool[to], mix_in(pool[from], &multiplier));
        }
    }
}

/* Words of the pool, hashed out. */
static uint64_t next_state(const uint32_t pool[POOL], int *used, uint32_t *multiplier)
{
    uint64_t value = 0;

    for (int half = 0; half < 2; half++) {
        uint32_t word = pool[(*used)++ % POOL] ^ *multiplier;
        *multiplier *= 0x58F38DEDu;
        word *= *multiplier;
        value |= (uint64_t)(word ^ word >> 16) << 32 * half;
    }
    return value;
}

void dp_pcg64_seed(dp_pcg64 *g, uint64_t seed)
{
    uint32_t pool[POOL], multiplier = 0x8B51F9DDu;
    uint64_t words[4];
    int used = 0;

    fill_pool(pool, seed);
    for (int i = 0; i < 4; i++)
        words[i] = next_state(pool, &used, &multiplier);
    *g = (dp_pcg64){.increment = {words[2] << 1 | words[3] >> 63, words[3] << 1 | 1}};
    dp_pcg64_step(g);
    g->state = dp_add_u128(g->state, (dp_u128){words[0], words[1]});
    dp_pcg64_step(g);
}
