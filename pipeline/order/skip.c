/* skip.c - an epoch without some of its rows, which are never read
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct skip {
    int64_t count, start_index;
} skip;

static const dp_param params[] = {
    DP_INT(skip, count, NULL, 0, 2147483647,
           "rows (batches, after batch) left out at the start of each epoch"),
    DP_LATER_INT(skip, start_index, "0", 0, 9e15, "the first that is left out"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const skip *p = node->params;
    const uint64_t count = (uint64_t)p->count, start = (uint64_t)p->start_index;

    (void)arena;
    if (start > 0 && node->below <= start)
        return dp_fail(err, DP_ESPEC,
                       "start_index=%llu is past the end: there are %llu in an epoch",
                       (unsigned long long)start, (unsigned long long)node->below);
    if (node->below == DP_ENDLESS)
        node->length = DP_ENDLESS;
    else
        node->length = node->below - start > count ? node->below - count : start;
    return DP_OK;
}

static void at(dp_node *node, dp_row *row)
{
    const skip *p = node->params;

    if (row->record >= (uint64_t)p->start_index)
        row->record += (uint64_t)p->count;
}

const dp_order dp_order_skip = {
    .info = {"order", "skip", "leave out rows of each epoch, the first ones or others", 1,
             sizeof(skip), params},
    .plan = plan,
    .at = at,
};
