/* rows.h - the order stages by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_ORDER_ROWS_H
#define PIPELINE_ORDER_ROWS_H

#include "pipeline/order/order.h"

#define DP_ORDER(name) extern const dp_order dp_order_##name;
#include "pipeline/order/list.def"
#undef DP_ORDER

#endif
