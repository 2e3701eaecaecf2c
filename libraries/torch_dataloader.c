/* torch_dataloader.c - DataLoader(shuffle=True) after torch.manual_seed(seed), PyTorch 2.7 to 2.15
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The global generator is an mt19937.  Each epoch takes four words of it, whatever there is to
 * shuffle: two for the workers' seed, which no order depends on, two for the seed of a generator
 * that makes the order.  The high word of that seed counts for nothing: an mt19937 is seeded by the
 * low 32 bits.
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

    dp_mt19937_seed(g, (uint32_t)ask->seed);
    for (uint64_t words = 4 * ask->epoch + 3; words > 0; words--)
        dp_mt19937_u32(g);
    dp_mt19937_seed(g, dp_mt19937_u32(g));
    dp_permute_up(table, (uint32_t)ask->rows, next, g);
}

static const dp_scheme shuffle = {.check = check, .make = make};

const dp_library dp_library_torch_dataloader = {
    .word = "torch_dataloader",
    .name = "PyTorch's DataLoader",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
};
