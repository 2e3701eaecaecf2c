/* numpy.c - numpy.random.RandomState(seed).permutation(n) once an epoch, NumPy 1.17 and later
 *
 * SPDX-License-Identifier: Apache-2.0
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

static const dp_scheme shuffle = {.check = check, .in_turn = true, .make = make};

const dp_library dp_library_numpy = {
    .word = "numpy",
    .name = "NumPy",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
};
