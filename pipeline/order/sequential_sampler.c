/* sequential_sampler.c - rows in a row, from a first one on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct sequential_sampler {
    int64_t start_index, num_samples;
} sequential_sampler;

static const dp_param params[] = {
    DP_INT(sequential_sampler, start_index, "0", 0, 9e15, "the first row"),
    DP_INT(sequential_sampler, num_samples, "0", 0, 9e15, "rows; 0 for all"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const sequential_sampler *p = node->params;
    const uint64_t start = (uint64_t)p->start_index, n = (uint64_t)p->num_samples;

    dp_status status;

    (void)arena;
    if (start != 0 && start >= node->below)
        return dp_fail(err, DP_ESPEC, "start_index=%llu is past the end: there are %llu rows",
                       (unsigned long long)start, (unsigned long long)node->below);
    status = dp_check_reach(node, start, n, err);
    if (node->below == DP_ENDLESS)
        node->length = n != 0 ? n : DP_ENDLESS;
    else
        node->length = n != 0 && n < node->below - start ? n : node->below - start;
    return status;
}

static void at(dp_node *node, dp_row *row)
{
    row->record += (uint64_t)((const sequential_sampler *)node->params)->start_index;
}

const dp_order dp_order_sequential_sampler = {
    .info = {"order", "sequential_sampler", "keep rows in a row", 1, sizeof(sequential_sampler),
             params},
    .sampler = true,
    .plan = plan,
    .at = at,
};
