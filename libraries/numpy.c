/* numpy.c - numpy.random.RandomState(seed): permutation and choice, NumPy 1.17 and later
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  One mt19937 goes on from epoch to epoch.
 */
#include "base/random/mt19937.h"
#include "libraries/permute.h"

static dp_status check(const dp_ask *ask, dp_error *err)
{
    return dp_check_seed_32(ask, "numpy", err);
}

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    if (ask->epoch == 0)
        dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    dp_permute_masked(table, (uint32_t)ask->rows, next, ask->generator);
}

static dp_status check_sample(const dp_ask *ask, dp_error *err)
{
    const dp_status status = dp_check_sample(ask, "NumPy", err);

    return status == DP_OK ? check(ask, err) : status;
}

/* choice(n, k): without replacement the head of a permutation. */
static void make_sample(const dp_ask *ask, uint32_t *table)
{
    if (!ask->replacement) {
        make(ask, table);
        return;
    }
    if (ask->epoch == 0)
        dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    for (uint64_t i = 0; i < ask->count; i++)
        table[i] = dp_below_masked((uint32_t)ask->rows, next, ask->generator);
}

/* choice(n, k, p=weights). */
static void begin(const dp_ask *ask)
{
    if (ask->epoch == 0)
        dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
}

static double uniform(void *g)
{
    const uint32_t high = next(g) >> 5, low = next(g) >> 6;

    return ((double)high * 0x1p26 + (double)low) * 0x1p-53;
}

static const dp_dice weighted = {.check = check,
                                 .in_turn = true,
                                 .sums_first = true,
                                 .above = true,
                                 .rounds = true,
                                 .check_weights = dp_check_probabilities,
                                 .begin = begin,
                                 .uniform = uniform};
static const dp_scheme shuffle = {.check = check, .in_turn = true, .make = make};
static const dp_scheme sample = {
    .check = check_sample, .in_turn = true, .of_none = true, .make = make_sample};
static const dp_scheme split = {.check = check,
                                .in_turn = true,
                                .once = true,
                                .of_none = true,
                                .make = make,
                                .cut = dp_cut_rows_alone};

const dp_library dp_library_numpy = {
    .word = "numpy",
    .name = "NumPy",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
    .sample = &sample,
    .subset = &shuffle,
    .split = &split,
    .weighted = &weighted,
};
