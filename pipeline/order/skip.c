/* skip.c - an epoch without its first rows, which are never read
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct skip {
    int64_t count;
} skip;

static const dp_param params[] = {
    DP_INT(skip, count, NULL, 0, 2147483647,
           "rows (batches, after batch) left out at the start of each epoch"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const uint64_t count = (uint64_t)((const skip *)node->params)->count;

    (void)arena, (void)err;
    node->length = node->below == DP_ENDLESS ? DP_ENDLESS
                   : node->below > count     ? node->below - count
                                             : 0;
    return DP_OK;
}

static void at(dp_node *node, dp_row *row)
{
    row->record += (uint64_t)((const skip *)node->params)->count;
}

const dp_order dp_order_skip = {
    .info = {"order", "skip", "leave out the first rows of each epoch", 1, sizeof(skip), params},
    .plan = plan,
    .at = at,
};
