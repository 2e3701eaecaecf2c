/* subset_random_sampler.c - the rows of a list, in a random order
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * order=native: dp_shuffle_native of the list, one Philox stream an epoch.  order=mindspore: each
 * epoch applies the permutation of the one seed to the order of the epoch before.
 */
#include <string.h>

#include "base/random/std_random.h"
#include "pipeline/order/permute.h"
#include "pipeline/order/tables.h"

typedef struct subset_random_sampler {
    const char *indices;
    int64_t num_samples;
    int32_t order;
    uint32_t *rows, *current;
    dp_tables tables;
} subset_random_sampler;

static const dp_param params[] = {
    DP_LONG_TEXT(subset_random_sampler, indices, NULL, "row numbers"),
    DP_INT(subset_random_sampler, num_samples, "0", 0, 9e15,
           "the list is cut to so many first; 0 for all"),
    DP_CHOICE(subset_random_sampler, order, "native", "native,mindspore", "whose random order"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    subset_random_sampler *p = node->params;
    uint32_t n = 0;
    dp_status status = dp_check_manner("subset_random_sampler", p->order, node->seed, err);

    if (status == DP_OK)
        status = dp_index_list("subset_random_sampler", p->indices, node->below, arena, &p->rows,
                               &n, err);
    if (status != DP_OK)
        return status;
    node->length = p->num_samples != 0 && p->num_samples < n ? (uint64_t)p->num_samples : n;
    p->current = dp_arena_alloc(arena, n + 1, sizeof *p->current);
    if (p->current == NULL)
        return dp_arena_fail(arena, err, "a list of rows");
    return dp_tables_plan(&p->tables, node, node->length, sizeof(uint32_t), arena, err);
}

static void start(dp_node *node)
{
    subset_random_sampler *p = node->params;

    memcpy(p->current, p->rows, (size_t)node->length * sizeof *p->current);
}

static void make(dp_node *node, uint64_t epoch, void *table)
{
    subset_random_sampler *p = node->params;
    const uint32_t n = (uint32_t)node->length;
    dp_mt19937 engine;
    dp_rng rng;

    if (p->order == DP_MINDSPORE) {
        dp_mt19937_seed(&engine, (uint32_t)node->seed);
        dp_std_shuffle(p->current, n, &engine);
    } else {
        start(node);
        dp_rng_start(&rng, node->key, epoch, 0);
        dp_shuffle_native(p->current, n, &rng);
    }
    memcpy(table, p->current, n * sizeof *p->current);
}

static void at(dp_node *node, dp_row *row)
{
    static const dp_maker native = {.make = make}, replayed = {.start = start, .make = make};
    subset_random_sampler *p = node->params;
    const uint32_t *table =
        dp_tables_at(&p->tables, p->order == DP_NATIVE ? &native : &replayed, node, row->epoch);

    row->record = table[row->record];
}

const dp_order dp_order_subset_random_sampler = {
    .info = {"order", "subset_random_sampler", "take the rows of a list in a random order", 1,
             params},
    .size = sizeof(subset_random_sampler),
    .random = true,
    .plan = plan,
    .at = at,
};
