/* grain.c - MapDataset.range(n).shuffle(seed) of Grain 0.2.18, epoch after epoch of repeat()
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  A row is computed from its place.
 */
#include "libraries/index_shuffle.h"

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

static uint64_t at(const dp_ask *ask, uint64_t place)
{
    dp_index_shuffle *g = ask->generator;

    if (g->keyed != ask->epoch + 1) {
        *g = (dp_index_shuffle){.keyed = ask->epoch + 1, .half = dp_index_shuffle_half(ask->rows)};
        seed_seq((uint32_t)(ask->seed + ask->epoch), g->keys);
    }
    return dp_index_shuffle_at(g, ask->rows, place);
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    return dp_check_seed_32(ask, "grain", err);
}

static const dp_scheme shuffle = {.check = check, .at = at};

const dp_library dp_library_grain = {
    .word = "grain",
    .name = "Grain",
    .generator = sizeof(dp_index_shuffle),
    .shuffle = &shuffle,
};
