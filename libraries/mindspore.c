/* mindspore.c - orders and draws of MindSpore 2.10.0
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md.  Each sampler seeds an mt19937 of its own for every epoch, by a rule of its
 * own, and most shuffle the order of the epoch before; shuffle has an mt19937_64 that goes on.
 */
#include <string.h>

#include "base/random/std_random.h"
#include "libraries/mindspore_init.h"
#include "libraries/permute.h"

#define NO_SEED 5489 /* MindSpore takes it for none */

typedef union mindspore {
    dp_mt19937 mt;
    dp_mt19937_64 mt_64;
} mindspore;

static dp_status check(const dp_ask *ask, dp_error *err)
{
    const dp_status status = dp_check_seed_32(ask, "mindspore", err);

    if (status == DP_OK && ask->seed == NO_SEED)
        return dp_fail(err, DP_ESPEC,
                       "to MindSpore seed %d means no seed, so there is nothing to replay",
                       NO_SEED);
    return status;
}

static dp_status check_shuffle(const dp_ask *ask, dp_error *err)
{
    const dp_status status = dp_check_some_rows(ask, "MindSpore", err);

    return status == DP_OK ? check(ask, err) : status;
}

static uint32_t below_64(void *g, uint32_t n) { return (uint32_t)(dp_mt19937_64_u64(g) % n); }

static void make_shuffle(const dp_ask *ask, uint32_t *table)
{
    if (ask->epoch == 0)
        dp_mt19937_64_seed(ask->generator, ask->seed);
    dp_through_buffer(ask, below_64, table);
}

/* The order of the epoch before, shuffled. */
static void shuffle_again(const dp_ask *ask, uint32_t seed, uint32_t *table)
{
    if (ask->epoch == 0)
        dp_identity(table, ask->rows);
    else if (table != ask->before)
        memcpy(table, ask->before, ask->rows * sizeof *table);
    dp_mt19937_seed(ask->generator, seed);
    dp_std_shuffle(table, (uint32_t)ask->rows, ask->generator);
}

static void make_sample(const dp_ask *ask, uint32_t *table)
{
    const uint32_t seed = (uint32_t)(ask->seed + ask->epoch);

    if (!ask->replacement) {
        shuffle_again(ask, seed, table);
        return;
    }
    dp_mt19937_seed(ask->generator, seed);
    for (uint64_t i = 0; i < ask->count; i++)
        table[i] = dp_std_uniform_int(ask->generator, (uint32_t)ask->rows - 1);
}

/* The seed when the sampler was made, which it keeps. */
static uint64_t made_with(const dp_ask *ask)
{
    return ask->rule[0].given ? ask->rule[0].number : ask->seed;
}

/* A seed that means "none" elsewhere is used as it is here. */
static dp_status check_distribute(const dp_ask *ask, dp_error *err)
{
    const uint64_t seed = made_with(ask);

    if (ask->drop)
        return dp_fail(err, DP_ESPEC, "MindSpore's has no drop_last");
    if (seed == UINT32_MAX)
        return dp_fail(err, DP_ESPEC, "MindSpore fails with seed 2^32 - 1");
    return dp_check_seed_32(&(dp_ask){.seed = seed}, "mindspore", err);
}

/* The first seed is seed + 1, but where that means "the global seed" to it. */
static void make_distribute(const dp_ask *ask, uint32_t *table)
{
    const uint32_t first = (uint32_t)made_with(ask) + 1;

    shuffle_again(ask, (first == UINT32_MAX ? first - 1 : first) + (uint32_t)ask->epoch, table);
}

static void make_subset(const dp_ask *ask, uint32_t *table)
{
    shuffle_again(ask, (uint32_t)ask->seed, table);
}

static void make_split(const dp_ask *ask, uint32_t *table)
{
    dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
    dp_identity(table, ask->rows);
    dp_std_shuffle(table, (uint32_t)ask->rows, ask->generator);
}

static double uniform(void *g) { return dp_std_canonical(g); }
static uint32_t below(void *g, uint32_t n) { return dp_std_uniform_int(g, n - 1); }

static void begin_weighted(const dp_ask *ask)
{
    dp_mt19937_seed(ask->generator, (uint32_t)ask->seed);
}

/* The classes are shuffled once. */
static void begin_classes(const dp_ask *ask)
{
    dp_mt19937_seed(ask->generator, (uint32_t)(ask->seed + ask->epoch));
    if (ask->order == NULL || ask->epoch != 0)
        return;
    dp_identity(ask->order, ask->rows);
    dp_std_shuffle(ask->order, (uint32_t)ask->rows, ask->generator);
}

/* What another operation holds is seeded the same on every worker. */
static void seed_draws(void *g, uint64_t seed, uint32_t worker, bool held)
{
    dp_mt19937_seed(g, (uint32_t)(seed + (held ? 0 : worker)));
}

/* The mark at the end of an epoch takes a turn, too. */
static uint64_t turn(uint64_t epoch, uint64_t rows) { return epoch * (rows + 1); }

static const dp_scheme shuffle = {
    .check = check_shuffle, .in_turn = true, .holds = 1, .make = make_shuffle};
static const dp_scheme sample = {.check = check, .in_turn = true, .make = make_sample};
static const dp_scheme distribute = {
    .rules = "seed:", .check = check_distribute, .in_turn = true, .make = make_distribute};
static const dp_scheme subset = {.check = check, .in_turn = true, .make = make_subset};
static const dp_scheme split = {.check = check, .make = make_split};
static const dp_dice weighted = {
    .check = check, .zeros = true, .begin = begin_weighted, .uniform = uniform};
static const dp_dice classes = {
    .check = check, .in_turn = true, .begin = begin_classes, .below = below};
static const dp_drawing draws = {.check = check, .seed = seed_draws, .turn = turn};

const dp_library dp_library_mindspore = {
    .word = "mindspore",
    .name = "MindSpore",
    .generator = sizeof(mindspore),
    .claims = true,
    .shuffle = &shuffle,
    .buffer = &shuffle,
    .sample = &sample,
    .distribute = &distribute,
    .subset = &subset,
    .split = &split,
    .split_buffer = 10000,
    .weighted = &weighted,
    .classes = &classes,
    .draws = &draws,
    .weights = &dp_mindspore_weights,
    .defaults = &dp_mindspore_defaults,
};
