/* weighted_random_sampler.c - rows drawn by weight
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * With replacement: u of 53 bits picks the first row whose share of the running sum is not below
 * it.  Without: each row gets the key -log(1 - u) / weight, and the smallest keys win, in order
 * (Efraimidis and Spirakis 2006).  order=native draws from one Philox stream an epoch,
 * order=mindspore from mt19937 seeded the same for every epoch: all epochs are equal there.
 */
#include <stdlib.h>

#include "base/number/num.h"
#include "base/random/std_random.h"
#include "pipeline/order/permute.h"
#include "pipeline/order/tables.h"

typedef struct ranked {
    double key;
    uint32_t row;
} ranked;

typedef struct weighted_random_sampler {
    const char *weights;
    int64_t num_samples;
    bool replacement;
    int32_t order;
    uint32_t n, last;       /* last: the row that rounding of the sums cannot go past */
    double *weight, *share; /* share: running sum over the total */
    ranked *ranks;
    dp_tables tables;
} weighted_random_sampler;

static const dp_param params[] = {
    DP_LONG_TEXT(weighted_random_sampler, weights, NULL,
                 "of row 0, 1, ...; rows without one never come"),
    DP_INT(weighted_random_sampler, num_samples, "0", 0, 9e15, "rows of an epoch; 0 for all"),
    DP_BOOLEAN(weighted_random_sampler, replacement, "true", "a row may come again"),
    DP_CHOICE(weighted_random_sampler, order, "native", "native,mindspore", "whose random order"),
    DP_PARAMS_END,
};

static dp_status check_weights(const weighted_random_sampler *p, const dp_node *node, dp_error *err)
{
    uint64_t positive = 0;

    if (p->n > node->below)
        return dp_fail(err, DP_ESPEC, "weighted_random_sampler: %u weights for %llu rows", p->n,
                       (unsigned long long)node->below);
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->weight[i] < 0)
            return dp_fail(err, DP_ESPEC,
                           "weighted_random_sampler: the weight of row %u is negative", i);
        positive += p->weight[i] > 0;
    }
    if (positive == 0)
        return dp_fail(err, DP_ESPEC, "weighted_random_sampler: no row has a weight above 0");
    if (!p->replacement && node->length > (p->order == DP_NATIVE ? positive : p->n))
        return dp_fail(err, DP_ESPEC,
                       "weighted_random_sampler: %llu samples without replacement from %llu rows "
                       "with a weight",
                       (unsigned long long)node->length, (unsigned long long)positive);
    return DP_OK;
}

/* The sums run from left to right in double, as the original's do. */
static void plan_shares(weighted_random_sampler *p)
{
    double sum = 0, running = 0;

    for (uint32_t i = 0; i < p->n; i++)
        sum += p->weight[i];
    for (uint32_t i = 0; i < p->n; i++) {
        running += p->weight[i] / sum;
        p->share[i] = running;
        if (p->weight[i] > 0 || p->order == DP_MINDSPORE)
            p->last = i;
    }
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    weighted_random_sampler *p = node->params;
    const char *name = "weighted_random_sampler";
    const uint64_t rows = dp_node_rows(node, p->order);
    dp_status status = dp_check_manner(name, p->order, node->seed, err);

    if (status == DP_OK)
        status = dp_number_list(name, p->weights, arena, &p->weight, &p->n, err);
    if (status == DP_OK)
        status = dp_check_rows(name, node, err);
    if (status != DP_OK)
        return status;
    dp_node_set_samples(node, p->order, p->num_samples, rows);
    status = check_weights(p, node, err);
    if (status == DP_OK && node->length > DP_MAX_TABLE)
        status = dp_fail(err, DP_ELIMIT, "%s: at most %u samples", name, DP_MAX_TABLE);
    if (status != DP_OK)
        return status;
    p->share = dp_arena_alloc(arena, p->n, sizeof *p->share);
    p->ranks = dp_arena_alloc(arena, p->n, sizeof *p->ranks);
    if (p->share == NULL || p->ranks == NULL)
        return dp_arena_fail(arena, err, "the weights of the rows");
    plan_shares(p);
    return dp_tables_plan(&p->tables, node, node->length, sizeof(uint32_t), arena, err);
}

static double draw(const weighted_random_sampler *p, dp_rng *rng, dp_mt19937 *engine)
{
    uint64_t word;

    if (p->order == DP_MINDSPORE)
        return dp_std_canonical(engine);
    word = (uint64_t)dp_rng_u32(rng) << 32;
    return (double)((word | dp_rng_u32(rng)) >> 11) * 0x1p-53;
}

static uint32_t row_of(const weighted_random_sampler *p, double u)
{
    uint32_t low = 0, high = p->last;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (p->share[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare(const void *a_, const void *b_)
{
    const ranked *a = a_, *b = b_;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static void rank(weighted_random_sampler *p, dp_rng *rng, dp_mt19937 *engine)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const double u = draw(p, rng, engine), exponential = u > 0 ? -dp_log_d(1 - u) : 0;
        p->ranks[i] = (ranked){
            p->weight[i] > 0 ? exponential / p->weight[i] : dp_f64_from(0x7FF0000000000000u), i};
    }
    qsort(p->ranks, p->n, sizeof *p->ranks, compare);
}

static void make(dp_node *node, uint64_t epoch, void *table_)
{
    weighted_random_sampler *p = node->params;
    uint32_t *table = table_;
    dp_mt19937 engine;
    dp_rng rng;

    dp_mt19937_seed(&engine, (uint32_t)node->seed);
    dp_rng_start(&rng, node->key, epoch, 0);
    if (!p->replacement)
        rank(p, &rng, &engine);
    for (uint64_t i = 0; i < node->length; i++)
        table[i] = !p->replacement ? p->ranks[i].row
                   : p->n == 1     ? 0
                                   : row_of(p, draw(p, &rng, &engine));
}

static void at(dp_node *node, dp_row *row)
{
    static const dp_maker maker = {.make = make};
    weighted_random_sampler *p = node->params;
    const uint32_t *table = dp_tables_at(&p->tables, &maker, node, row->epoch);

    row->record = table[row->record];
}

const dp_order dp_order_weighted_random_sampler = {
    .info = {"order", "weighted_random_sampler", "draw rows by weight", 1, params},
    .size = sizeof(weighted_random_sampler),
    .random = true,
    .plan = plan,
    .at = at,
};
