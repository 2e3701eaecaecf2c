/* grouped.c - batches as the reader has them: of a snapshot
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/reader.h"
#include "pipeline/order/order.h"

static const dp_groups *groups_of(const dp_node *node)
{
    return ((const dp_source *)node->params)->groups;
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    (void)arena, (void)err;
    node->group = groups_of(node)->batch_size;
    node->length = groups_of(node)->n_batches;
    return DP_OK;
}

static void at(dp_node *node, dp_row *row)
{
    row->record = dp_groups_first(groups_of(node), row->record);
}

static uint64_t rows(const dp_node *node, uint64_t position)
{
    return dp_groups_rows(groups_of(node), position);
}

const dp_order dp_order_grouped = {
    .info = {"order", "grouped", "batches as the reader has them", 1, 0, NULL},
    .plan = plan,
    .at = at,
    .rows = rows,
};
