/* sklearn.c - scikit-learn 1.9 with random_state=seed: shuffle, ShuffleSplit, KFold
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Permutations of one RandomState: the splits of ShuffleSplit, the repeats of
 * RepeatedKFold and the classes of StratifiedKFold go on with it.
 */
#include <string.h>

#include "base/random/mt19937.h"
#include "libraries/permute.h"
#include "libraries/strata.h"

enum { REPEAT };
#define MOST_REPEATS 1000 /* which are all made */

static dp_status check(const dp_ask *ask, dp_error *err)
{
    if (ask->rule[REPEAT].number > MOST_REPEATS)
        return dp_fail(err, DP_ESPEC, "rule=repeat:%llu: at most %d",
                       (unsigned long long)ask->rule[REPEAT].number, MOST_REPEATS);
    return dp_check_seed_32(ask, "sklearn", err);
}

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    if (ask->epoch == 0)
        dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    dp_permute_masked(table, (uint32_t)ask->rows, next, ask->generator);
}

static void make_split(const dp_ask *ask, uint32_t *table)
{
    dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    for (uint64_t i = 0; i <= ask->rule[REPEAT].number; i++)
        dp_permute_masked(table, (uint32_t)ask->rows, next, ask->generator);
}

static void shuffle_on(uint32_t *v, uint32_t n, void *g) { dp_shuffle_masked(v, n, next, g); }

/* The head of a permutation. */
static void choose(uint32_t n, uint32_t k, uint32_t *out, uint32_t *room, void *g)
{
    dp_permute_masked(room, n, next, g);
    memcpy(out, room, k * sizeof *out);
}

static void stratify(const dp_ask *ask, const dp_strata *s, uint32_t *table)
{
    static const dp_strata_dice dice = {shuffle_on, choose, false};

    dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    for (uint64_t i = 0; i <= ask->rule[REPEAT].number; i++)
        dp_strata_make(s, &dice, ask->generator, table);
}

static const dp_scheme shuffle = {.check = check, .in_turn = true, .once = true, .make = make};
static const dp_scheme split = {
    .check = check, .rules = "repeat:", .once = true, .make = make_split, .cut = dp_cut_test_first};
static const dp_scheme folds = {.check = check, .in_turn = true, .make = make};

const dp_library dp_library_sklearn = {
    .word = "sklearn",
    .name = "scikit-learn",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
    .split = &split,
    .stratify = stratify,
    .folds = &folds,
};
