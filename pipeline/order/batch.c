/* batch.c - rows in groups, which become tensors with a leading dimension
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct batch {
    int64_t batch_size;
    bool drop_remainder;
} batch;

static const dp_param params[] = {
    DP_INT(batch, batch_size, NULL, 1, 2147483647, "rows of a batch"),
    DP_BOOLEAN(batch, drop_remainder, "false", "leave out a last batch that is not full"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const batch *p = node->params;

    (void)arena, (void)err;
    node->group = (uint64_t)p->batch_size;
    if (node->below == DP_ENDLESS)
        node->length = DP_ENDLESS;
    else
        node->length =
            node->below / node->group + (!p->drop_remainder && node->below % node->group != 0);
    return DP_OK;
}

/* Turns a position into the first row of its group. */
static void at(dp_node *node, dp_row *row) { row->record *= node->group; }

static uint64_t rows(const dp_node *node, uint64_t position)
{
    const uint64_t first = position * node->group;
    const bool full = node->below == DP_ENDLESS || node->below - first > node->group;

    return full ? node->group : node->below - first;
}

const dp_order dp_order_batch = {
    .info = {"order", "batch", "join rows into batches", 1, sizeof(batch), params},
    .plan = plan,
    .at = at,
    .rows = rows,
};
