/* tables.h - what is made once an epoch and looked up for each of its rows
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The table of an epoch is made when the first of its rows is asked for; as many are kept as a
 * random stage further up can ask for at the same time.  What can be made for any epoch at once is;
 * what another library makes one epoch after the other is made so, from the first one again after a
 * step back.
 */
#ifndef PIPELINE_ORDER_TABLES_H
#define PIPELINE_ORDER_TABLES_H

#include "pipeline/order/order.h"

typedef struct dp_tables {
    void **table;   /* slot = epoch % n */
    uint64_t *held; /* the slot's epoch + 1; 0 = none */
    uint32_t n;
    bool in_turn;  /* epochs are made one after the other, from epoch 0 on, which begins anew */
    bool once;     /* every epoch has the table of epoch 0 */
    uint64_t next; /* the epoch that comes next, of those made in turn */
    void (*make)(void *ctx, uint64_t epoch, void *table);
    void *ctx;
} dp_tables;

/* Of one that has make, ctx, in_turn and once: `rows` elements of `size` bytes for each of so many
 * epochs that may be needed at the same time. */
dp_status dp_tables_plan(dp_tables *, uint32_t epochs, uint64_t rows, size_t size, dp_arena *,
                         dp_error *);

const void *dp_tables_at(dp_tables *, uint64_t epoch);

#endif
