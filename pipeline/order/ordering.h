/* ordering.h - a library's order of some rows, epoch by epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_ORDER_ORDERING_H
#define PIPELINE_ORDER_ORDERING_H

#include "pipeline/order/tables.h"

typedef struct dp_ordering {
    const dp_library *library;
    const dp_scheme *scheme;
    dp_ask ask;
    dp_tables tables;
} dp_ordering;

/* What a stage asks that wants all rows below it, to be changed to what it wants; its `rule`. */
dp_ask dp_node_ask(const dp_node *, const char *rule);

/* Of library, scheme and ask; DP_ESPEC for what the library refuses, DP_ELIMIT where a table would
 * be too large. */
dp_status dp_ordering_plan(dp_ordering *, const dp_node *, dp_arena *, dp_error *);

/* The row at a place of an epoch. */
uint64_t dp_ordering_at(dp_ordering *, uint64_t epoch, uint64_t place);

/* The library's generator into ask->generator. */
dp_status dp_ask_generator(dp_ask *, const dp_library *, dp_arena *, dp_error *);

#endif
