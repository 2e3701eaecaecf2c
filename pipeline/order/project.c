/* project.c - some of the columns, in a given order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "pipeline/order/columns.h"

typedef struct project {
    const char *columns;
} project;

static const dp_param params[] = {
    DP_TEXT(project, columns, NULL, "names of the columns that stay, in their new order"),
    DP_PARAMS_END,
};

static dp_status choose(const void *params_, dp_columns *columns, dp_arena *arena, dp_error *err)
{
    const project *p = params_;
    dp_columns kept = {.n = 0};

    (void)arena;
    for (const char *name = p->columns;; name++) {
        const size_t length = strcspn(name, ",");
        const uint32_t c = dp_column_find(columns, name, length);
        if (c == columns->n)
            return dp_column_missing(name, length, err);
        if (dp_column_find(&kept, name, length) != kept.n)
            return dp_fail(err, DP_ESPEC, "column '%.*s' is named twice", (int)length, name);
        kept.column[kept.n] = columns->column[c];
        kept.owner[kept.n] = columns->owner[c];
        kept.slot[kept.n++] = columns->slot[c];
        name += length;
        if (*name == '\0')
            break;
    }
    *columns = kept;
    return DP_OK;
}

const dp_order dp_order_project = {
    .info = {"order", "project", "keep some of the columns", 1, sizeof(project), params},
    .columns = choose,
};
