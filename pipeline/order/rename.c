/* rename.c - columns under other names, all at once
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "pipeline/order/columns.h"

typedef struct renaming {
    const char *input_columns, *output_columns;
} renaming;

static const dp_param params[] = {
    DP_TEXT(renaming, input_columns, NULL, "names of columns"),
    DP_TEXT(renaming, output_columns, NULL, "their new names, as many"),
    DP_PARAMS_END,
};

static dp_status check_names(const dp_columns *columns, dp_error *err)
{
    for (uint32_t c = 0; c < columns->n; c++) {
        const char *name = columns->column[c].name;
        if (dp_column_find(columns, name, strlen(name)) != c)
            return dp_fail(err, DP_ESPEC, "there would be two columns '%.40s'", name);
    }
    return DP_OK;
}

static dp_status change(const void *params_, dp_columns *columns, dp_arena *arena, dp_error *err)
{
    const renaming *p = params_;
    const dp_columns before = *columns;
    const char *from = p->input_columns, *to = p->output_columns;

    for (;; from++, to++) {
        const size_t from_length = strcspn(from, ","), to_length = strcspn(to, ",");
        const uint32_t c = dp_column_find(&before, from, from_length);
        if (c == before.n)
            return dp_column_missing(from, from_length, err);
        if (to_length == 0 || to_length > DP_MAX_NAME)
            return dp_fail(err, DP_ESPEC, "a column name has 1 to %d bytes", DP_MAX_NAME);
        columns->column[c].name = dp_arena_text(arena, to, to_length);
        if (columns->column[c].name == NULL)
            return dp_arena_fail(arena, err, "a column's name");
        from += from_length;
        to += to_length;
        if ((*from == '\0') != (*to == '\0'))
            return dp_fail(err, DP_ESPEC, "input_columns and output_columns are not as many");
        if (*from == '\0')
            return check_names(columns, err);
    }
}

const dp_order dp_order_rename = {
    .info = {"order", "rename", "give columns other names", 1, sizeof(renaming), params},
    .columns = change,
};
