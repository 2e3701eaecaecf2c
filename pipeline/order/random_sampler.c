/* random_sampler.c - rows in a random order, or drawn with replacement
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * order=native: the first num_samples of dp_shuffle_native's order (of dp_bijection's past
 * DP_MAX_TABLE rows), or as many draws of below(rows), of one Philox stream an epoch.
 * order=mindspore: epoch e shuffles the order of the epoch before with seed + e
 * (docs/mindspore.md). order=torch: torch.utils.data.RandomSampler with a generator seeded once;
 * more samples than rows are several permutations.
 */
#include "base/random/std_random.h"
#include "pipeline/order/permute.h"
#include "pipeline/order/tables.h"

typedef struct random_sampler {
    bool replacement, reshuffle_each_epoch;
    int64_t num_samples;
    int32_t order;
    dp_tables tables;
    uint32_t n;            /* rows drawn from */
    uint32_t *permutation; /* of a replay */
    dp_mt19937 engine;
    dp_bijection bijection;
    uint64_t keyed; /* the epoch of the bijection + 1 */
} random_sampler;

static const dp_param params[] = {
    DP_BOOLEAN(random_sampler, replacement, "false", "a row may come again"),
    DP_INT(random_sampler, num_samples, "0", 0, 9e15, "rows of an epoch; 0 for all"),
    DP_BOOLEAN(random_sampler, reshuffle_each_epoch, "true", "another order each epoch"),
    DP_CHOICE(random_sampler, order, "native", "native,mindspore,torch", "whose random order"),
    DP_PARAMS_END,
};

static bool computed(const dp_node *node, const random_sampler *p)
{
    return p->order == DP_NATIVE && !p->replacement && node->below > DP_MAX_TABLE;
}

static dp_status check(const dp_node *node, const random_sampler *p, uint64_t rows, dp_error *err)
{
    const bool more = (uint64_t)p->num_samples > rows;

    if (node->below == DP_ENDLESS)
        return dp_fail(err, DP_ESPEC,
                       "random_sampler needs an end: put it before the endless repeat");
    if (rows == 0)
        return dp_fail(err, DP_ESPEC, "random_sampler: there are no rows to draw from");
    if (more && p->order == DP_NATIVE && !p->replacement)
        return dp_fail(err, DP_ESPEC,
                       "random_sampler: num_samples=%lld is more than the %llu rows: "
                       "replacement=true draws rows again",
                       (long long)p->num_samples, (unsigned long long)rows);
    if (p->order == DP_MINDSPORE && rows != node->below)
        return dp_fail(
            err, DP_ESPEC,
            "random_sampler: MindSpore fails here: it takes the %llu rows below for %llu",
            (unsigned long long)node->below, (unsigned long long)rows);
    if (p->order == DP_TORCH && !p->reshuffle_each_epoch)
        return dp_fail(err, DP_ESPEC, "random_sampler: PyTorch draws anew each epoch");
    return dp_check_manner("random_sampler", p->order, node->seed, err);
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    random_sampler *p = node->params;
    const uint64_t rows = dp_node_rows(node, p->order);
    dp_status status = check(node, p, rows, err);

    if (status != DP_OK)
        return status;
    dp_node_set_samples(node, p->order, p->num_samples, rows);
    if (computed(node, p))
        return DP_OK;
    status = dp_check_rows("random_sampler", node, err);
    if (status == DP_OK && node->length > DP_MAX_TABLE)
        status = dp_fail(err, DP_ELIMIT, "random_sampler: at most %u samples, not %llu",
                         DP_MAX_TABLE, (unsigned long long)node->length);
    if (status != DP_OK)
        return status;
    p->n = (uint32_t)rows;
    if (p->order == DP_NATIVE)
        return dp_tables_plan(&p->tables, node, p->replacement ? node->length : rows,
                              sizeof(uint32_t), arena, err);
    p->permutation = dp_arena_alloc(arena, p->n, sizeof *p->permutation);
    if (p->permutation == NULL)
        return dp_arena_fail(arena, err, "the order of a random_sampler");
    return dp_tables_plan(&p->tables, node, node->length, sizeof(uint32_t), arena, err);
}

static void make_native(random_sampler *p, const dp_node *node, uint64_t epoch, uint32_t *table)
{
    dp_rng rng;

    dp_rng_start(&rng, node->key, p->reshuffle_each_epoch ? epoch : 0, 0);
    if (!p->replacement) {
        dp_identity(table, p->n);
        dp_shuffle_native(table, p->n, &rng);
    }
    for (uint64_t i = 0; p->replacement && i < node->length; i++)
        table[i] = dp_rng_below(&rng, p->n);
}

static void make_mindspore(random_sampler *p, const dp_node *node, uint64_t epoch, uint32_t *table)
{
    const bool again = p->reshuffle_each_epoch || epoch == 0;

    dp_mt19937_seed(&p->engine, (uint32_t)(node->seed + (p->reshuffle_each_epoch ? epoch : 0)));
    if (!p->replacement && again)
        dp_std_shuffle(p->permutation, p->n, &p->engine);
    for (uint64_t i = 0; i < node->length; i++)
        table[i] = p->replacement ? dp_std_uniform_int(&p->engine, p->n - 1) : p->permutation[i];
}

/* A last permutation is made even where none of it is needed, as PyTorch does. */
static void make_torch(random_sampler *p, const dp_node *node, uint32_t *table)
{
    for (uint64_t i = 0; p->replacement && i < node->length; i++)
        table[i] = dp_mt19937_u32(&p->engine) % p->n;
    for (uint64_t i = 0; !p->replacement && i <= node->length; i += p->n) {
        dp_permute_torch(p->permutation, p->n, &p->engine);
        for (uint64_t j = 0; j < p->n && i + j < node->length; j++)
            table[i + j] = p->permutation[j];
    }
}

static void start(dp_node *node)
{
    random_sampler *p = node->params;

    dp_identity(p->permutation, p->n);
    dp_mt19937_seed(&p->engine, (uint32_t)node->seed);
}

static void make(dp_node *node, uint64_t epoch, void *table)
{
    random_sampler *p = node->params;

    if (p->order == DP_NATIVE)
        make_native(p, node, epoch, table);
    else if (p->order == DP_MINDSPORE)
        make_mindspore(p, node, epoch, table);
    else
        make_torch(p, node, table);
}

static void at(dp_node *node, dp_row *row)
{
    static const dp_maker native = {.make = make}, replayed = {.start = start, .make = make};
    random_sampler *p = node->params;
    const uint64_t epoch = p->reshuffle_each_epoch ? row->epoch : 0;
    const uint32_t *table;

    if (computed(node, p)) {
        if (p->keyed != epoch + 1)
            dp_bijection_start(&p->bijection, node->below, node->key, epoch);
        p->keyed = epoch + 1;
        row->record = dp_bijection_at(&p->bijection, row->record);
        return;
    }
    table = dp_tables_at(&p->tables, p->order == DP_NATIVE ? &native : &replayed, node, epoch);
    row->record = table[row->record];
}

const dp_order dp_order_random_sampler = {
    .info = {"order", "random_sampler", "draw rows at random, each once or with replacement", 1,
             params},
    .size = sizeof(random_sampler),
    .random = true,
    .plan = plan,
    .at = at,
};
