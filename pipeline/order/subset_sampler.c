/* subset_sampler.c - the rows of a list, in its order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct subset_sampler {
    dp_list indices;
    int64_t num_samples;
} subset_sampler;

static const dp_param params[] = {
    DP_LONG_INTS(subset_sampler, indices, NULL, 0, 9e15, "row numbers; one may stand there twice"),
    DP_INT(subset_sampler, num_samples, "0", 0, 9e15, "of them, from the first; 0 for all"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    subset_sampler *p = node->params;
    const uint64_t n = p->indices.n;

    (void)arena;
    node->length =
        p->num_samples != 0 && (uint64_t)p->num_samples < n ? (uint64_t)p->num_samples : n;
    return dp_check_indices(&p->indices, node->below, err);
}

static void at(dp_node *node, dp_row *row)
{
    row->record = ((const subset_sampler *)node->params)->indices.ints[row->record];
}

const dp_order dp_order_subset_sampler = {
    .info = {"order", "subset_sampler", "take the rows of a list", 1, sizeof(subset_sampler),
             params},
    .sampler = true,
    .plan = plan,
    .at = at,
};
