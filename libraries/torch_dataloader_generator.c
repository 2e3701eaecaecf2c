/* torch_dataloader_generator.c - DataLoader(shuffle=True, generator=g), g seeded once, PyTorch 2.7
 * to 2.15
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * g goes on from epoch to epoch: two words for the workers' seed, the permutation, and one more
 * permutation, of which RandomSampler needs nothing.
 */
#include "base/random/mt19937.h"
#include "libraries/permute.h"

static dp_status check(const dp_ask *ask, dp_error *err)
{
    return dp_check_some_rows(ask, "PyTorch's DataLoader", err);
}

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    dp_mt19937 *g = ask->generator;

    if (ask->epoch == 0)
        dp_mt19937_seed(g, (uint32_t)ask->seed);
    for (int word = 0; word < 2; word++)
        dp_mt19937_u32(g);
    dp_permute_up(table, (uint32_t)ask->rows, next, g);
    for (uint64_t i = 1; i < ask->rows; i++)
        dp_mt19937_u32(g);
}

static const dp_scheme shuffle = {.check = check, .in_turn = true, .make = make};

const dp_library dp_library_torch_dataloader_generator = {
    .word = "torch_dataloader_generator",
    .name = "PyTorch's DataLoader",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
};
