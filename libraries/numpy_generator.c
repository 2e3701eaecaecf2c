/* numpy_generator.c - numpy.random.default_rng(seed): permutation and choice, NumPy 1.17 and later
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  One PCG64 goes on from epoch to epoch.
 */
#include "base/random/pcg64.h"
#include "libraries/permute.h"

enum { UNSHUFFLED };

static uint32_t next(void *g) { return dp_pcg64_u32(g); }

static void start(const dp_ask *ask)
{
    if (ask->epoch == 0)
        dp_pcg64_seed(ask->generator, ask->seed);
}

static void make(const dp_ask *ask, uint32_t *table)
{
    start(ask);
    dp_permute_masked(table, (uint32_t)ask->rows, next, ask->generator);
}

static dp_status check_sample(const dp_ask *ask, dp_error *err)
{
    if (ask->rule[UNSHUFFLED].given && ask->replacement)
        return dp_fail(err, DP_ESPEC, "rule=unshuffled does nothing with replacement");
    return dp_check_sample(ask, "NumPy", err);
}

static uint32_t draw(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const dp_swaps *s = work;

    for (uint32_t i = 0; i < most; i++) {
        at[i] = dp_below_product(s->n - done - i, next, s->generator);
        dp_fetch_row(&s->v[at[i]]);
    }
    return most;
}

/* Swaps from the top down to place `last`. */
static void shuffle_down(const dp_ask *ask, uint32_t *v, uint32_t n, uint32_t last)
{
    dp_swaps swaps = {.v = v, .n = n, .generator = ask->generator};

    if (n > last)
        dp_drawn_ahead(n - last, (dp_drawn){draw, dp_swap_down}, &swaps);
}

/* Many of many rows: the tail of an order of all. */
static void make_tail(const dp_ask *ask, uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows, k = (uint32_t)ask->count;

    dp_identity(ask->order, n);
    shuffle_down(ask, ask->order, n, n - k > 1 ? n - k : 1);
    for (uint32_t i = 0; i < k; i++)
        table[i] = ask->order[n - k + i];
}

/* Floyd's algorithm (Bentley, CACM 1987): a row that is there already gives way to the newest. */
static void make_set(const dp_ask *ask, uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows, k = (uint32_t)ask->count;

    for (uint32_t i = 0; i < n; i++)
        ask->order[i] = false;
    for (uint32_t j = n - k; j < n; j++) {
        const uint32_t drawn = dp_below_product(j + 1, next, ask->generator);
        const uint32_t row = ask->order[drawn] ? j : drawn;
        ask->order[row] = true;
        table[j - (n - k)] = row;
    }
    if (!ask->rule[UNSHUFFLED].given)
        shuffle_down(ask, table, k, 1);
}

/* choice(n, k). */
static void make_sample(const dp_ask *ask, uint32_t *table)
{
    const uint64_t least = ask->rows / (ask->rule[UNSHUFFLED].given ? 20 : 50);

    start(ask);
    for (uint64_t i = 0; ask->replacement && i < ask->count; i++)
        table[i] = dp_below_product((uint32_t)ask->rows, next, ask->generator);
    if (ask->replacement)
        return;
    if (ask->rows > 10000 && ask->count > least)
        make_tail(ask, table);
    else
        make_set(ask, table);
}

/* choice(n, k, p=weights). */
static double uniform(void *g) { return (double)(dp_pcg64_u64(g) >> 11) * 0x1p-53; }

static const dp_dice weighted = {.in_turn = true,
                                 .sums_first = true,
                                 .above = true,
                                 .rounds = true,
                                 .check_weights = dp_check_probabilities,
                                 .begin = start,
                                 .uniform = uniform};
static const dp_scheme shuffle = {.in_turn = true, .make = make};
static const dp_scheme sample = {.check = check_sample,
                                 .rules = "unshuffled",
                                 .in_turn = true,
                                 .of_none = true,
                                 .keeps = 1,
                                 .make = make_sample};
static const dp_scheme split = {
    .in_turn = true, .once = true, .of_none = true, .make = make, .cut = dp_cut_rows_alone};

const dp_library dp_library_numpy_generator = {
    .word = "numpy_generator",
    .name = "NumPy",
    .generator = sizeof(dp_pcg64),
    .shuffle = &shuffle,
    .sample = &sample,
    .subset = &shuffle,
    .split = &split,
    .weighted = &weighted,
};
