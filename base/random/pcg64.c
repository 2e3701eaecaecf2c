/* pcg64.c - PCG XSL-RR 128/64 as numpy.random.default_rng seeds and reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/pcg64.h"

#define POOL 4

/* 64 x 64 bits to 128, without a 128-bit type. */
static dp_u128 multiply(uint64_t a, uint64_t b)
{
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32),
                   other = a0 * b1 + (uint32_t)middle;

    return (dp_u128){a1 * b1 + (middle >> 32) + (other >> 32), other << 32 | (uint32_t)low};
}

static dp_u128 add(dp_u128 a, dp_u128 b)
{
    const uint64_t low = a.low + b.low;

    return (dp_u128){a.high + b.high + (low < a.low), low};
}

static void step(dp_pcg64 *g)
{
    const dp_u128 factor = {0x2360ED051FC65DA4u, 0x4385DF649FCCF645u};
    dp_u128 product = multiply(g->state.low, factor.low);

    product.high += g->state.high * factor.low + g->state.low * factor.high;
    g->state = add(product, g->increment);
}

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
    step(g);
    g->state = add(g->state, (dp_u128){words[0], words[1]});
    step(g);
}

uint64_t dp_pcg64_u64(dp_pcg64 *g)
{
    uint64_t value;
    unsigned turn;

    step(g);
    value = g->state.high ^ g->state.low;
    turn = (unsigned)(g->state.high >> 58);
    return value >> turn | value << (-turn & 63);
}

uint32_t dp_pcg64_u32(dp_pcg64 *g)
{
    uint64_t value;

    if (g->kept) {
        g->kept = false;
        return g->half;
    }
    value = dp_pcg64_u64(g);
    g->half = (uint32_t)(value >> 32);
    g->kept = true;
    return (uint32_t)value;
}
