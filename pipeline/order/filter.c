/* filter.c - the rows whose label is one of a list
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The labels are read when the stream is opened; the rows below must be the same in every epoch.
 */
#include <string.h>

#include "pipeline/order/order.h"

typedef struct filter {
    const char *column;
    dp_ints values;
    uint32_t *rows;
} filter;

static const dp_param params[] = {
    DP_TEXT(filter, column, "label", "the column that is looked at"),
    DP_INTS(filter, values, NULL, 0, 4294967295.0, "a row stays when its label is one of these"),
    DP_PARAMS_END,
};

static bool keeps(const filter *p, uint32_t label)
{
    for (int32_t i = 0; i < p->values.n; i++) {
        if (p->values.v[i] == label)
            return true;
    }
    return false;
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    filter *p = node->params;
    uint32_t *labels;
    dp_status status = dp_check_rows(node->below, err);

    if (status == DP_OK)
        status = dp_node_labels(node, p->column, arena, &labels, err);
    if (status != DP_OK)
        return status;
    p->rows = labels; /* a kept row's number never overtakes the label that is read */
    for (uint32_t i = 0; i < node->below; i++) {
        if (keeps(p, labels[i]))
            p->rows[node->length++] = i;
    }
    return DP_OK;
}

static void at(dp_node *node, dp_row *row)
{
    row->record = ((const filter *)node->params)->rows[row->record];
}

const dp_order dp_order_filter = {
    .info = {"order", "filter", "keep the rows of some classes", 1, sizeof(filter), params},
    .plan = plan,
    .at = at,
};
