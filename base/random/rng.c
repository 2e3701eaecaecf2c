/* rng.c - Philox4x32-10: random numbers as a function of a key and a place
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/rng.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

void dp_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0],
             k1 = key[1];

    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

uint64_t dp_rng_key(uint64_t seed, const char *name, uint32_t use)
{
    uint8_t bytes[8 + 64 + 4];
    const size_t length = strnlen(name, 64);

    dp_store_le(bytes, 8, seed);
    memcpy(bytes + 8, name, length);
    dp_store_le(bytes + 8 + length, 4, use);
    return dp_hash64(bytes, 8 + length + 4);
}

void dp_rng_start(dp_rng *rng, uint64_t key, uint64_t epoch, uint64_t ordinal)
{
    *rng = (dp_rng){
        .key = {(uint32_t)key, (uint32_t)(key >> 32)},
        .counter = {0, (uint32_t)epoch, (uint32_t)ordinal,
                    (uint32_t)(epoch >> 32 << 16 | ordinal >> 32)},
        .used = 4,
    };
}

uint32_t dp_rng_u32(dp_rng *rng)
{
    if (rng->used == 4) {
        dp_philox4x32_10(rng->counter, rng->key, rng->block);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint32_t dp_rng_below(dp_rng *rng, uint32_t n)
{
    uint64_t product = (uint64_t)dp_rng_u32(rng) * n;

    if ((uint32_t)product < n) {
        const uint32_t threshold = (0u - n) % n; /* 2^32 mod n */
        while ((uint32_t)product < threshold)
            product = (uint64_t)dp_rng_u32(rng) * n;
    }
    return (uint32_t)(product >> 32);
}

double dp_rng_uniform(dp_rng *rng) { return (double)(dp_rng_u32(rng) >> 8) * 0x1p-24; }
