/* shuffle.c - the whole epoch in a random order, another one each epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * order=native: Fisher and Yates (Knuth, TAOCP 2, 3.4.2 P) on 0..n-1 from the top down, i = n-1 ..
 * 1 swaps with below(i + 1) of one Philox stream keyed by (seed, "shuffle", use) with counter
 * (draw, epoch, 0).  The table of an epoch is built when the first of its rows is asked for; as
 * many tables are kept as a shuffle further up can ask for at the same time.
 */
#include "pipeline/order/order.h"

#define MAX_TABLES 64

typedef struct shuffle {
    int32_t order;
    uint32_t **tables; /* slot = epoch % node->epochs */
    uint64_t *held;    /* the slot's epoch + 1; 0 = none */
} shuffle;

static const dp_param params[] = {
    DP_CHOICE(shuffle, order, "native", "native", "whose random order"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    shuffle *p = node->params;

    if (node->below == DP_ENDLESS)
        return dp_fail(err, DP_ESPEC, "shuffle needs an end: put it before the endless repeat");
    if (node->below > UINT32_MAX)
        return dp_fail(err, DP_ELIMIT, "shuffle takes at most %u rows, not %llu", UINT32_MAX,
                       (unsigned long long)node->below);
    if (node->epochs > MAX_TABLES)
        return dp_fail(
            err, DP_ELIMIT,
            "shuffle: a shuffle further up mixes %u epochs of this one, at most %d are kept: "
            "one of them is enough",
            node->epochs, MAX_TABLES);
    node->length = node->below;
    p->tables = dp_arena_alloc(arena, node->epochs, sizeof *p->tables);
    p->held = dp_arena_alloc(arena, node->epochs, sizeof *p->held);
    for (uint32_t i = 0; p->tables != NULL && i < node->epochs; i++) {
        p->tables[i] = dp_arena_alloc(arena, (size_t)node->length, sizeof *p->tables[i]);
        if (p->tables[i] == NULL)
            return dp_arena_fail(arena, err, "the table of a shuffle");
    }
    return p->tables == NULL || p->held == NULL
               ? dp_arena_fail(arena, err, "the table of a shuffle")
               : DP_OK;
}

static void build(uint32_t *table, uint32_t n, uint64_t key, uint64_t epoch)
{
    dp_rng rng;

    dp_rng_start(&rng, key, epoch, 0);
    for (uint32_t i = 0; i < n; i++)
        table[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        const uint32_t j = dp_rng_below(&rng, i), last = table[i - 1];
        table[i - 1] = table[j];
        table[j] = last;
    }
}

static void at(dp_node *node, dp_row *row)
{
    shuffle *p = node->params;
    const uint64_t slot = row->epoch % node->epochs;

    if (p->held[slot] != row->epoch + 1) {
        build(p->tables[slot], (uint32_t)node->length, node->key, row->epoch);
        p->held[slot] = row->epoch + 1;
    }
    row->record = p->tables[slot][row->record];
}

const dp_order dp_order_shuffle = {
    .info = {"order", "shuffle", "put the rows of each epoch in a random order", 1, params},
    .size = sizeof(shuffle),
    .random = true,
    .plan = plan,
    .at = at,
};
