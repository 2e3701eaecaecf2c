/* weighted_random_sampler.c - rows drawn by weight
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * With replacement: u of 53 bits picks the first row whose share of the running sum is not below
 * it (of some libraries, the first that is above it).  Without: each row gets the key -log(1 - u) /
 * weight, and the smallest keys win, in order (Efraimidis and Spirakis 2006).
 */
#include <stdlib.h>
#include <string.h>

#include "base/number/num.h"
#include "pipeline/order/ordering.h"

typedef struct ranked {
    double key;
    uint32_t row;
} ranked;

typedef struct weighted_random_sampler {
    dp_list weights;
    int64_t num_samples;
    bool replacement, reshuffle_each_epoch;
    int32_t order;
    const char *rule;
    uint32_t n, last; /* last: the row that rounding of the sums cannot go past */
    const double *weight;
    double *share, *left; /* running sum over the total; weights of the rows that have not come */
    ranked *ranks;
    const dp_dice *dice;
    dp_ask ask;
    dp_tables tables;
} weighted_random_sampler;

static const dp_param params[] = {
    DP_LONG_NUMBERS(weighted_random_sampler, weights, NULL, 0, 1e308,
                    "of row 0, 1, ...; rows without one never come"),
    DP_INT(weighted_random_sampler, num_samples, "0", 0, 9e15, "rows of an epoch; 0 for all"),
    DP_BOOLEAN(weighted_random_sampler, replacement, "true", "a row may come again"),
    DP_ORDER_OF(weighted_random_sampler, weighted, "whose random order"),
    DP_LATER_BOOLEAN(weighted_random_sampler, reshuffle_each_epoch, "true",
                     "another order each epoch"),
    DP_RULE_OF(weighted_random_sampler),
    DP_PARAMS_END,
};

static dp_status check_weights(const weighted_random_sampler *p, const dp_node *node, dp_error *err)
{
    uint64_t positive = 0;

    if (p->n > node->below)
        return dp_fail(err, DP_ESPEC, "%u weights for %llu rows", p->n,
                       (unsigned long long)node->below);
    for (uint32_t i = 0; i < p->n; i++)
        positive += p->weight[i] > 0;
    if (positive == 0)
        return dp_fail(err, DP_ESPEC, "no row has a weight above 0");
    if (!p->replacement && node->length > (p->dice->zeros ? p->n : positive))
        return dp_fail(err, DP_ESPEC,
                       "%llu samples without replacement from %llu rows "
                       "with a weight",
                       (unsigned long long)node->length, (unsigned long long)positive);
    return p->dice->check_weights != NULL ? p->dice->check_weights(p->weight, p->n, err) : DP_OK;
}

/* The sums run from left to right in double, as the original's do. */
static void set_shares(weighted_random_sampler *p, const double *weight)
{
    double sum = 0, running = 0;

    for (uint32_t i = 0; i < p->n; i++)
        sum += weight[i];
    for (uint32_t i = 0; i < p->n; i++) {
        running += p->dice->sums_first ? weight[i] : weight[i] / sum;
        p->share[i] = p->dice->sums_first ? running / sum : running;
        if (weight[i] > 0 || p->dice->zeros)
            p->last = i;
    }
}

static double draw(weighted_random_sampler *p) { return p->dice->uniform(p->ask.generator); }

static uint32_t row_of(const weighted_random_sampler *p, double u)
{
    uint32_t low = 0, high = p->last;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (p->share[middle] < u || (p->dice->above && p->share[middle] == u))
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

static void rank(weighted_random_sampler *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const double u = draw(p), exponential = u > 0 ? -dp_log_d(1 - u) : 0;
        p->ranks[i] = (ranked){
            p->weight[i] > 0 ? exponential / p->weight[i] : dp_f64_from(0x7FF0000000000000u), i};
    }
    qsort(p->ranks, p->n, sizeof *p->ranks, compare);
}

static void draw_rounds(weighted_random_sampler *p, uint32_t *table)
{
    uint64_t n = 0;

    memcpy(p->left, p->weight, p->n * sizeof *p->left);
    while (n < p->ask.count) {
        set_shares(p, p->left);
        for (uint64_t draws = p->ask.count - n; draws > 0; draws--) {
            const uint32_t row = row_of(p, draw(p));
            if (p->left[row] > 0)
                table[n++] = row;
            p->left[row] = 0;
        }
    }
}

static void draw_keys(weighted_random_sampler *p, uint32_t *table)
{
    rank(p);
    for (uint64_t i = 0; i < p->ask.count; i++)
        table[i] = p->ranks[i].row;
}

static void make(void *ctx, uint64_t epoch, void *table_)
{
    weighted_random_sampler *p = ctx;
    uint32_t *table = table_;

    p->ask.epoch = epoch;
    p->dice->begin(&p->ask);
    if (!p->replacement) {
        (p->dice->rounds ? draw_rounds : draw_keys)(p, table);
        return;
    }
    for (uint64_t i = 0; i < p->ask.count; i++)
        table[i] = p->n == 1 ? 0 : row_of(p, draw(p));
}

static dp_status plan_draws(weighted_random_sampler *p, const dp_node *node, dp_arena *arena,
                            dp_error *err)
{
    p->share = dp_arena_alloc(arena, p->n, sizeof *p->share);
    p->ranks = dp_arena_alloc(arena, p->dice->rounds ? 0 : p->n, sizeof *p->ranks);
    p->left = dp_arena_alloc(arena, p->dice->rounds ? p->n : 0, sizeof *p->left);
    if (p->share == NULL || p->ranks == NULL || p->left == NULL)
        return dp_arena_fail(arena, err, "the weights of the rows");
    set_shares(p, p->weight);
    p->tables = (dp_tables){
        .in_turn = p->dice->in_turn, .once = !p->reshuffle_each_epoch, .make = make, .ctx = p};
    return dp_tables_plan(&p->tables, node->epochs, node->length, sizeof(uint32_t), arena, err);
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    weighted_random_sampler *p = node->params;
    const dp_library *library = dp_library_of(dp_words_weighted, p->order);
    dp_status status;

    p->dice = library->weighted;
    p->ask = dp_node_ask(node, p->rule);
    p->weight = p->weights.numbers;
    p->ask.rows = p->n = (uint32_t)p->weights.n;
    status = dp_check_ask(p->dice->check, p->dice->rules, &p->ask, err);
    if (status == DP_OK)
        status = dp_check_rows(node->below, err);
    if (status != DP_OK)
        return status;
    dp_node_set_samples(node, library, p->num_samples, dp_node_rows(node, library));
    p->ask.count = node->length;
    if (p->n > node->below && p->n <= dp_node_rows(node, library))
        return dp_check_claims(node, library, err);
    status = check_weights(p, node, err);
    if (status == DP_OK && node->length > DP_MAX_TABLE)
        status = dp_fail(err, DP_ELIMIT, "at most %u samples", DP_MAX_TABLE);
    if (status == DP_OK)
        status = dp_ask_generator(&p->ask, library, arena, err);
    return status == DP_OK ? plan_draws(p, node, arena, err) : status;
}

static void at(dp_node *node, dp_row *row)
{
    weighted_random_sampler *p = node->params;
    const uint32_t *table = dp_tables_at(&p->tables, row->epoch);

    row->record = table[row->record];
}

const dp_order dp_order_weighted_random_sampler = {
    .info = {"order", "weighted_random_sampler", "draw rows by weight", 1,
             sizeof(weighted_random_sampler), params},
    .random = true,
    .sampler = true,
    .plan = plan,
    .at = at,
};
