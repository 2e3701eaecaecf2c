/* zip.c - rows side by side with those of another stream
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * An epoch ends with the shorter stream; the next one begins a new epoch of both.
 */
#include "pipeline/order/branch.h"
#include "pipeline/order/order.h"

typedef struct zip {
    const char *with;
} zip;

static const dp_param params[] = {
    DP_LONG_TEXT(zip, with, NULL, "the text of the other stream, with other columns"),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    (void)arena, (void)err;
    node->length = node->below < node->with->length ? node->below : node->with->length;
    return DP_OK;
}

const dp_order dp_order_zip = {
    .info = {"order", "zip", "put another stream's columns beside these", 1, sizeof(zip), params},
    .join = DP_ZIP,
    .plan = plan,
};
