/* grain.c - MapDataset.range(n).shuffle(seed) of Grain 0.2.18, epoch after epoch of repeat()
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  A row is computed from its place: a Feistel network of four rounds, walked until
 * the value is one of the rows.  It is no permutation of 2^k + 1 rows, k even and 16 or more: the
 * network has 2^k values then, so place 2^k goes where place 0 goes.
 */
#include "libraries/permute.h"

typedef struct grain {
    uint64_t keyed; /* the epoch of the keys + 1 */
    uint32_t half;  /* bits of each half */
    uint32_t keys[4];
} grain;

/* std::seed_seq{seed}.generate of four words (C++11, 26.5.7.1). */
static void seed_seq(uint32_t seed, uint32_t v[4])
{
    const uint32_t added[4] = {1, 1 + seed, 2, 3};

    for (int i = 0; i < 4; i++)
        v[i] = 0x8B8B8B8Bu;
    for (int k = 0; k < 4; k++) {
        const uint32_t x = v[k] ^ v[(k + 1) % 4] ^ v[(k + 3) % 4];
        const uint32_t r = 1664525u * (x ^ x >> 27);
        v[(k + 1) % 4] += r;
        v[(k + 2) % 4] += r + added[k];
        v[k] = r + added[k];
    }
    for (uint32_t k = 0; k < 4; k++) {
        const uint32_t x = v[k] + v[(k + 1) % 4] + v[(k + 3) % 4];
        const uint32_t r = 1566083941u * (x ^ x >> 27);
        v[(k + 1) % 4] ^= r;
        v[(k + 2) % 4] ^= r - k;
        v[k] = r - k;
    }
}

static void start(grain *g, const dp_ask *ask)
{
    uint32_t bits = 16;

    while (bits < 64 && ask->rows - 1 > (uint64_t)1 << bits)
        bits += 2;
    g->half = bits / 2;
    g->keyed = ask->epoch + 1;
    seed_seq((uint32_t)(ask->seed + ask->epoch), g->keys);
}

static uint32_t turn(uint32_t x, uint32_t by, uint32_t bits)
{
    return (uint32_t)((uint64_t)x << by | x >> (bits - by));
}

static uint32_t mix(uint32_t x, uint32_t bits)
{
    return (turn(x, 1, bits) & turn(x, 8, bits)) ^ turn(x, 2, bits);
}

static uint64_t at(const dp_ask *ask, uint64_t place)
{
    grain *g = ask->generator;
    uint32_t half, mask;

    if (ask->rows == 1)
        return 0;
    if (g->keyed != ask->epoch + 1)
        start(g, ask);
    half = g->half;
    mask = UINT32_MAX >> (32 - half);
    do {
        uint32_t low = (uint32_t)place & mask, high = (uint32_t)(place >> half) & mask;
        for (int round = 0; round < 4; round += 2) {
            high ^= (mix(low, half) ^ g->keys[round]) & mask;
            low ^= (mix(high, half) ^ g->keys[round + 1]) & mask;
        }
        place = (uint64_t)high << half | low;
    } while (place >= ask->rows);
    return place;
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    return dp_check_seed_32(ask, "grain", err);
}

static const dp_scheme shuffle = {.check = check, .at = at};

const dp_library dp_library_grain = {
    .word = "grain",
    .name = "Grain",
    .generator = sizeof(grain),
    .shuffle = &shuffle,
};
