/* pcg64.h - PCG XSL-RR 128/64 (O'Neill 2014) as numpy.random.default_rng seeds and reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RANDOM_PCG64_H
#define BASE_RANDOM_PCG64_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dp_u128 {
    uint64_t high, low;
} dp_u128;

typedef struct dp_pcg64 {
    dp_u128 state, increment;
    uint32_t half; /* the upper half of the last output, when it is kept */
    bool kept;
} dp_pcg64;

/* SeedSequence(seed), the entropy being one integer. */
void dp_pcg64_seed(dp_pcg64 *, uint64_t seed);

/* 64 x 64 bits to 128. */
static inline dp_u128 dp_mul_u128(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)a * b;
    return (dp_u128){(uint64_t)(product >> 64), (uint64_t)product};
#else
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32),
                   other = a0 * b1 + (uint32_t)middle;
    return (dp_u128){a1 * b1 + (middle >> 32) + (other >> 32), other << 32 | (uint32_t)low};
#endif
}

static inline dp_u128 dp_add_u128(dp_u128 a, dp_u128 b)
{
    const uint64_t low = a.low + b.low;

    return (dp_u128){a.high + b.high + (low < a.low), low};
}

static inline void dp_pcg64_step(dp_pcg64 *g)
{
    const dp_u128 factor = {0x2360ED051FC65DA4u, 0x4385DF649FCCF645u};
    dp_u128 product = dp_mul_u128(g->state.low, factor.low);

    product.high += g->state.high * factor.low + g->state.low * factor.high;
    g->state = dp_add_u128(product, g->increment);
}

static inline uint64_t dp_pcg64_u64(dp_pcg64 *g)
{
    uint64_t value;
    unsigned turn;

    dp_pcg64_step(g);
    value = g->state.high ^ g->state.low;
    turn = (unsigned)(g->state.high >> 58);
    return value >> turn | value << (-turn & 63);
}

/* The lower half of an output, then the upper one. */
static inline uint32_t dp_pcg64_u32(dp_pcg64 *g)
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

#endif
