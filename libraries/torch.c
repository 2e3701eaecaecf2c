/* torch.c - orders of PyTorch 2.7 to 2.15
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  One mt19937, seeded by the low 32 bits of the seed, goes on from epoch to epoch;
 * DistributedSampler seeds one by seed + epoch.
 */
#include <math.h>

#include "libraries/torch.h"
#include "libraries/torch_defaults.h"

#define MOST_DROPPED    1000000000u /* words; two seconds */
#define MOST_CATEGORIES (1u << 24)  /* of a multinomial */

typedef struct torch {
    dp_mt19937 g, own; /* own: of a sampler that draws its seed of g */
} torch;
_Static_assert(sizeof(torch) >= sizeof(dp_torch_generator), "the larger state");

dp_status dp_torch_check(const dp_ask *ask, dp_error *err)
{
    for (int i = DP_TORCH_BEFORE; i <= DP_TORCH_BETWEEN; i++) {
        if (ask->rule[i].number > MOST_DROPPED)
            return dp_fail(err, DP_ESPEC, "rule=%s:%llu: at most %u words",
                           i == DP_TORCH_BEFORE ? "before" : "between",
                           (unsigned long long)ask->rule[i].number, MOST_DROPPED);
    }
    return DP_OK;
}

static dp_status check_sampler(const dp_ask *ask, dp_error *err)
{
    if (ask->rule[DP_TORCH_PERSISTENT].given && !ask->rule[DP_TORCH_LOADER].given)
        return dp_fail(err, DP_ESPEC, "rule=persistent_workers needs rule=dataloader beside it");
    if (ask->rule[DP_TORCH_GLOBAL].given && ask->rule[DP_TORCH_LOADER].given)
        return dp_fail(err, DP_ESPEC, "rule=dataloader is global already");
    return dp_torch_check(ask, err);
}

/* The generator, where the sampler's own draws of an epoch begin. */
static dp_mt19937 *start(const dp_ask *ask)
{
    torch *t = ask->generator;
    const bool first = ask->epoch == 0;

    if (first)
        dp_mt19937_seed(&t->g, (uint32_t)ask->seed);
    dp_torch_drop(&t->g, ask->rule[first ? DP_TORCH_BEFORE : DP_TORCH_BETWEEN].number);
    if (ask->rule[DP_TORCH_LOADER].given && (first || !ask->rule[DP_TORCH_PERSISTENT].given))
        dp_torch_drop(&t->g, 2);
    return &t->g;
}

static void make(const dp_ask *ask, uint32_t *table)
{
    dp_torch_permute(table, ask->rows, start(ask));
}

/* RandomSampler.  More samples than rows are several permutations; a last one is made even where
 * none of it is needed, as PyTorch does. */
static void make_sample(const dp_ask *ask, uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows;
    dp_mt19937 *g = start(ask);

    if (ask->rule[DP_TORCH_LOADER].given || ask->rule[DP_TORCH_GLOBAL].given) {
        dp_mt19937 *own = &((torch *)ask->generator)->own;
        dp_mt19937_seed(own, dp_torch_seed(g));
        g = own;
    }
    for (uint64_t i = 0; ask->replacement && i < ask->count; i++)
        table[i] = dp_mt19937_u32(g) % n;
    for (uint64_t i = 0; !ask->replacement && i <= ask->count; i += n) {
        dp_torch_permute(ask->order, n, g);
        for (uint64_t j = 0; j < n && i + j < ask->count; j++)
            table[i + j] = ask->order[j];
    }
}

static dp_status check_subset(const dp_ask *ask, dp_error *err)
{
    return ask->cut ? dp_fail(err, DP_ESPEC, "PyTorch's has no num_samples")
                    : check_sampler(ask, err);
}

/* Seeds run over at some epoch. */
static dp_status check_distribute(const dp_ask *ask, dp_error *err)
{
    if (ask->seed > UINT64_MAX - UINT32_MAX)
        return dp_fail(err, DP_ESPEC,
                       "PyTorch fails where seed + epoch passes 2^64 - 1, so seed %llu is refused",
                       (unsigned long long)ask->seed);
    return ask->cut ? dp_fail(err, DP_ESPEC, "PyTorch's has no num_samples and no offset") : DP_OK;
}

static void make_distribute(const dp_ask *ask, uint32_t *table)
{
    dp_mt19937 *g = &((torch *)ask->generator)->g;

    dp_mt19937_seed(g, (uint32_t)(ask->seed + ask->epoch));
    dp_torch_permute(table, ask->rows, g);
}

/* random_split: floor(f n) each; one more from the first part on for what is left. */
static dp_status cut(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                     dp_error *err)
{
    double sum = 0;
    uint64_t left = rows;

    for (int32_t i = 0; i < n; i++) {
        sizes[i] = (uint64_t)floor((double)rows * fractions[i]);
        left -= sizes[i];
        sum += fractions[i];
    }
    if (sum > 1)
        return dp_fail(err, DP_ESPEC, "PyTorch refuses fractions that sum to %.17g: use rows", sum);
    for (int32_t i = 0; left > 0; left--)
        sizes[i++ % n]++;
    return DP_OK;
}

static dp_status check_weights(const dp_ask *ask, dp_error *err)
{
    if (ask->rows > MOST_CATEGORIES)
        return dp_fail(err, DP_ESPEC, "PyTorch takes at most %u weights", MOST_CATEGORIES);
    return check_sampler(ask, err);
}

static void begin(const dp_ask *ask) { start(ask); }

/* The low 53 bits of two words, the first one being the high one. */
static double uniform(void *g)
{
    const uint64_t high = (uint64_t)(dp_mt19937_u32(g) & 0x1FFFFF) << 32;

    return (double)(high | dp_mt19937_u32(g)) * 0x1p-53;
}

static const dp_scheme shuffle = {
    .check = dp_torch_check, .rules = DP_TORCH_DRAWN, .in_turn = true, .make = make};
static const dp_scheme sample = {.check = check_sampler,
                                 .rules = DP_TORCH_SAMPLER ",global",
                                 .in_turn = true,
                                 .keeps = 1,
                                 .make = make_sample};
static const dp_scheme distribute = {
    .check = check_distribute, .of_none = true, .make = make_distribute};
static const dp_scheme subset = {
    .check = check_subset, .rules = DP_TORCH_SAMPLER, .in_turn = true, .make = make};
static const dp_scheme split = {.check = dp_torch_check,
                                .rules = "before:",
                                .in_turn = true,
                                .once = true,
                                .of_none = true,
                                .make = make,
                                .cut = cut};
static const dp_dice weighted = {.check = check_weights,
                                 .rules = DP_TORCH_SAMPLER,
                                 .in_turn = true,
                                 .sums_first = true,
                                 .begin = begin,
                                 .uniform = uniform};

const dp_library dp_library_torch = {
    .word = "torch",
    .name = "PyTorch",
    .generator = sizeof(torch),
    .shuffle = &shuffle,
    .sample = &sample,
    .distribute = &distribute,
    .subset = &subset,
    .split = &split,
    .weighted = &weighted,
    .weights = &dp_torch_weights,
    .defaults = &dp_torch_defaults,
};
