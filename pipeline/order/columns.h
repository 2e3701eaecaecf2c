/* columns.h - finding columns by name, for the stages that choose and rename them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_ORDER_COLUMNS_H
#define PIPELINE_ORDER_COLUMNS_H

#include "pipeline/order/order.h"

/* The first column of that name, columns->n when there is none. */
uint32_t dp_column_find(const dp_columns *, const char *name, size_t length);
dp_status dp_column_missing(const char *name, size_t length, dp_error *);

#endif
