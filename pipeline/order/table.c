/* table.c - the list of order stages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/rows.h"

#define DP_ORDER(name) &dp_order_##name,
const dp_order *const dp_orders[] = {
#include "pipeline/order/list.def"
    NULL};
#undef DP_ORDER
