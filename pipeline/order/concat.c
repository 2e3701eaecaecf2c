/* concat.c - the rows of another stream after these
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/branch.h"
#include "pipeline/order/order.h"

typedef struct concat {
    const char *with;
} concat;

static const dp_param params[] = {
    DP_LONG_TEXT(concat, with, NULL, "the text of the other stream, with the same columns"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    const uint64_t other = node->with->length;

    (void)arena;
    if (node->below == DP_ENDLESS || other == DP_ENDLESS)
        return dp_fail(err, DP_ESPEC, "both streams must end");
    if (__builtin_add_overflow(node->below, other, &node->length) || node->length >= INT64_MAX)
        return dp_fail(err, DP_ELIMIT, "the stream would be longer than 2^63 rows");
    return DP_OK;
}

static bool is_other(const dp_node *node, uint64_t *row)
{
    const bool other = *row >= node->below;

    *row -= other ? node->below : 0;
    return other;
}

const dp_order dp_order_concat = {
    .info = {"order", "concat", "put another stream's rows after these", 1, sizeof(concat), params},
    .join = DP_EITHER,
    .is_other = is_other,
    .plan = plan,
};
