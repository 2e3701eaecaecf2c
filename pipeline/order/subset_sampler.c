/* subset_sampler.c - the rows of a list, in its order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct subset_sampler {
    const char *indices;
    int64_t num_samples;
    uint64_t *rows;
} subset_sampler;

static const dp_param params[] = {
    DP_LONG_TEXT(subset_sampler, indices, NULL, "row numbers; one may stand there twice"),
    DP_INT(subset_sampler, num_samples, "0", 0, 9e15, "of them, from the first; 0 for all"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    subset_sampler *p = node->params;
    uint32_t n;
    const dp_status status = dp_index_list(p->indices, node->below, arena, &p->rows, &n, err);

    node->length = p->num_samples != 0 && p->num_samples < n ? (uint64_t)p->num_samples : n;
    return status;
}

static void at(dp_node *node, dp_row *row)
{
    row->record = ((const subset_sampler *)node->params)->rows[row->record];
}

const dp_order dp_order_subset_sampler = {
    .info = {"order", "subset_sampler", "take the rows of a list", 1, sizeof(subset_sampler),
             params},
    .plan = plan,
    .at = at,
};
