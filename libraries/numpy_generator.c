/* numpy_generator.c - numpy.random.default_rng(seed).permutation(n) once an epoch, NumPy 1.17 and
 * later
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/pcg64.h"
#include "libraries/permute.h"

static uint32_t next(void *g) { return dp_pcg64_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    if (ask->epoch == 0)
        dp_pcg64_seed(ask->generator, ask->seed);
    dp_permute_masked(table, (uint32_t)ask->rows, next, ask->generator);
}

static const dp_scheme shuffle = {.in_turn = true, .make = make};

const dp_library dp_library_numpy_generator = {
    .word = "numpy_generator",
    .name = "NumPy",
    .generator = sizeof(dp_pcg64),
    .shuffle = &shuffle,
};
