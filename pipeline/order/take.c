/* take.c - the first rows of an epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct take {
    int64_t count;
} take;

static const dp_param params[] = {
    DP_INT(take, count, "-1", -1, 2147483647,
           "rows (batches, after batch) of each epoch; -1 for all"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const int64_t count = ((const take *)node->params)->count;

    (void)arena;
    if (count == 0)
        return dp_fail(err, DP_ESPEC, "count=0 leaves nothing: use -1 for all or 1 and more");
    node->length = count < 0 || (uint64_t)count > node->below ? node->below : (uint64_t)count;
    return DP_OK;
}

static void at(dp_node *node, dp_row *row) { (void)node, (void)row; }

const dp_order dp_order_take = {
    .info = {"order", "take", "keep the first rows of each epoch", 1, sizeof(take), params},
    .plan = plan,
    .at = at,
};
