/* shard.c - one rank's rows of every batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rank r of W gets of a batch of n rows the rows n*r/W .. n*(r+1)/W - 1 (divisions rounded down):
 * the ranks' rows one after another are the batch of the whole, for every W, and a row is augmented
 * the same whichever rank it goes to.
 */
#include "pipeline/order/order.h"
#include "pipeline/order/shard.h"

static const dp_param params[] = {
    DP_INT(dp_shard, num_shards, NULL, 1, 2147483647, "ranks"),
    DP_INT(dp_shard, shard_id, NULL, 0, 2147483646, "this rank"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const dp_shard *p = node->params;

    (void)arena;
    if (p->shard_id >= p->num_shards)
        return dp_fail(err, DP_ESPEC, "shard_id=%lld of num_shards=%lld: they count from 0",
                       (long long)p->shard_id, (long long)p->num_shards);
    node->length = node->below;
    return DP_OK;
}

const dp_order dp_order_shard = {
    .info = {"order", "shard", "keep one rank's rows of every batch", 1, sizeof(dp_shard), params},
    .plan = plan,
};
