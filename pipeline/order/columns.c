/* columns.c - finding columns by name, for the stages that choose and rename them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/columns.h"

#include <string.h>

uint32_t dp_column_find(const dp_columns *columns, const char *name, size_t length)
{
    uint32_t c = 0;

    while (c < columns->n && (strlen(columns->column[c].name) != length ||
                              memcmp(columns->column[c].name, name, length) != 0))
        c++;
    return c;
}

dp_status dp_column_missing(const char *name, size_t length, dp_error *err)
{
    return dp_fail(err, DP_ESPEC, "there is no column '%.*s'", length > 40 ? 40 : (int)length,
                   name);
}
