/* repeat.c - several epochs as one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

typedef struct repeat {
    int64_t count;
} repeat;

static const dp_param params[] = {
    DP_INT(repeat, count, "-1", -1, 2147483647, "epochs; -1 for ever"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const int64_t count = ((const repeat *)node->params)->count;

    (void)arena;
    if (count == 0)
        return dp_fail(err, DP_ESPEC, "count=0 leaves nothing: use -1 for ever or 1 and more");
    if (node->below == DP_ENDLESS || (count < 0 && node->below > 0))
        node->length = DP_ENDLESS;
    else if (__builtin_mul_overflow(node->below, count < 0 ? 0 : (uint64_t)count, &node->length) ||
             node->length >= INT64_MAX)
        return dp_fail(err, DP_ELIMIT, "the stream would be longer than 2^63 rows");
    return DP_OK;
}

static void at(dp_node *node, dp_row *row)
{
    const int64_t count = ((const repeat *)node->params)->count;

    if (node->below == DP_ENDLESS)
        return;
    row->epoch = (count < 0 ? 0 : row->epoch * (uint64_t)count) + row->record / node->below;
    row->record %= node->below;
}

static uint64_t epochs(const dp_node *node)
{
    const int64_t count = ((const repeat *)node->params)->count;
    return count < 0 ? DP_ENDLESS : (uint64_t)count;
}

const dp_order dp_order_repeat = {
    .info = {"order", "repeat", "join epochs into one", 1, sizeof(repeat), params},
    .plan = plan,
    .at = at,
    .epochs = epochs,
};
