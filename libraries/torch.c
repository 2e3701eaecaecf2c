/* torch.c - orders of PyTorch 2.7 to 2.15
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  One mt19937, seeded by the low 32 bits of the seed, goes on from epoch to epoch;
 * DistributedSampler seeds one by seed + epoch.
 */
#include "base/random/mt19937.h"
#include "libraries/permute.h"

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

/* torch.randperm(n, generator=...). */
static void permute(uint32_t *v, uint32_t n, dp_mt19937 *g) { dp_permute_up(v, n, next, g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    if (ask->epoch == 0)
        dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    permute(table, (uint32_t)ask->rows, ask->generator);
}

static dp_status check_sample(const dp_ask *ask, dp_error *err)
{
    return ask->once ? dp_fail(err, DP_ESPEC, "PyTorch draws anew each epoch") : DP_OK;
}

/* RandomSampler with a generator.  More samples than rows are several permutations; a last one is
 * made even where none of it is needed, as PyTorch does. */
static void make_sample(const dp_ask *ask, uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows;
    dp_mt19937 *g = ask->generator;

    if (ask->epoch == 0)
        dp_mt19937_seed(g, (uint32_t)ask->seed);
    for (uint64_t i = 0; ask->replacement && i < ask->count; i++)
        table[i] = dp_mt19937_u32(g) % n;
    for (uint64_t i = 0; !ask->replacement && i <= ask->count; i += n) {
        permute(ask->order, n, g);
        for (uint64_t j = 0; j < n && i + j < ask->count; j++)
            table[i + j] = ask->order[j];
    }
}

static dp_status check_distribute(const dp_ask *ask, dp_error *err)
{
    return ask->cut ? dp_fail(err, DP_ESPEC, "PyTorch's has no num_samples and no offset") : DP_OK;
}

static void make_distribute(const dp_ask *ask, uint32_t *table)
{
    dp_mt19937_seed(ask->generator, (uint32_t)(ask->seed + ask->epoch));
    permute(table, (uint32_t)ask->rows, ask->generator);
}

static const dp_scheme shuffle = {.in_turn = true, .make = make};
static const dp_scheme sample = {
    .check = check_sample, .in_turn = true, .keeps = 1, .make = make_sample};
static const dp_scheme distribute = {.check = check_distribute, .make = make_distribute};

const dp_library dp_library_torch = {
    .word = "torch",
    .name = "PyTorch",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
    .sample = &sample,
    .distribute = &distribute,
};
