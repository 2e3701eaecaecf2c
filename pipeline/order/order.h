/* order.h - what an order stage is: a map from its own positions to those of the stage below
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The index plane.  A position is (epoch, place in it); a stage says how long an epoch is and where
 * a position comes from.  Nothing is read, so reaching any position costs a few additions.
 */
#ifndef PIPELINE_ORDER_ORDER_H
#define PIPELINE_ORDER_ORDER_H

#include "base/params.h"
#include "base/rng.h"
#include "base/status.h"

#define DP_ENDLESS UINT64_MAX

typedef struct dp_row {
    uint64_t record; /* place in the stage below; at the end the record's number */
    uint64_t epoch;
    uint64_t
        ordinal; /* place in the topmost sampler's order: what random transforms are keyed by */
    bool placed; /* ordinal is known */
} dp_row;

/* A stage fitted to what is below it. */
typedef struct dp_node {
    const struct dp_order *order;
    void *params; /* read-only after open, but for tables of an epoch, which belong to the claiming
                     thread */
    uint64_t below;  /* rows of one epoch of the stage below; DP_ENDLESS */
    uint64_t length; /* rows of one epoch of this one */
    uint64_t key;    /* of this stage's draws */
    uint32_t epochs; /* of this stage that may be needed at the same time */
    uint64_t group;  /* rows that make one position: 1, but for batch */
} dp_node;

typedef struct dp_order {
    dp_stage_info info;
    size_t size;
    bool random; /* keyed; sets the ordinal */
    /* Says length (and group); epochs is what is asked of this stage. */
    dp_status (*plan)(dp_node *, dp_arena *, dp_error *);
    /* From a position of this stage to one of the stage below. */
    void (*at)(dp_node *, dp_row *);
    /* Epochs of the stage below within one of this one; NULL = 1. */
    uint64_t (*epochs)(const dp_node *);
} dp_order;

#define DP_ORDER(name) extern const dp_order dp_order_##name;
#include "pipeline/order/list.def"
#undef DP_ORDER

extern const dp_order *const dp_orders[]; /* ends with NULL */

#endif
