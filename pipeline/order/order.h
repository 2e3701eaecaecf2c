/* order.h - what an order stage is: a map from its own positions to those of the stage below
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The index plane.  A position is (epoch, place in it); a stage says how long an epoch is and where
 * a position comes from.  Nothing is read, so reaching any position costs a few additions.
 */
#ifndef PIPELINE_ORDER_ORDER_H
#define PIPELINE_ORDER_ORDER_H

#include "base/column.h"
#include "base/random/rng.h"
#include "base/status.h"
#include "lang/stage.h"
#include "libraries/library.h"

#define DP_ENDLESS UINT64_MAX

typedef struct dp_row {
    uint64_t record; /* place in the stage below; at the end the record's number */
    uint64_t epoch;
    uint64_t
        ordinal;   /* place in the topmost sampler's order: what random transforms are keyed by */
    bool placed;   /* ordinal is known */
    bool taken;    /* the row has a record of this reader (concat takes one of two) */
    double *draws; /* of replayed transforms, to be filled; NULL = nobody asks */
} dp_row;

/* Columns of a stream at some stage, each in its slot of the row's memory. */
typedef struct dp_columns {
    uint32_t n;
    dp_column column[DP_MAX_COLUMNS];
    uint32_t slot[DP_MAX_COLUMNS];
    const struct dp_branch
        *owner[DP_MAX_COLUMNS]; /* the text whose batch the column's rows are in */
} dp_columns;

/* A stage fitted to what is below it. */
typedef struct dp_node {
    const struct dp_order *order;
    void *params; /* read-only after open, but for tables of an epoch, which belong to the claiming
                     thread */
    const struct dp_branch *branch; /* the text that it stands in */
    struct dp_branch *with;         /* of a join: the other stream; else NULL */
    uint32_t segment, lower;        /* of the rows of a join; of those below it */
    uint64_t below;                 /* rows of one epoch of the stage below; DP_ENDLESS */
    uint64_t length;                /* rows of one epoch of this one */
    uint64_t claims; /* rows that the original of this sampler says it has, right or wrong */
    uint64_t claimed_below;
    bool streamed;      /* something else than samplers stands below it */
    uint64_t seed, key; /* of the stream; of this stage's draws */
    uint32_t epochs;    /* of this stage that may be needed at the same time */
    uint64_t group;     /* most rows that make one position: 1, but where rows are joined */
} dp_node;

/* Two streams: a row of either, which have the same columns, or of both, side by side. */
typedef enum dp_join { DP_NO_JOIN, DP_EITHER, DP_ZIP } dp_join;

typedef struct dp_order {
    dp_stage_info info;
    bool random;  /* keyed; sets the ordinal */
    bool sampler; /* chooses records of a reader: what stands above may do so, too */
    dp_join join; /* the first parameter is the text of the other stream */
    /* Of DP_EITHER: whether a row is the other stream's; *row becomes its place in its stream. */
    bool (*is_other)(const dp_node *, uint64_t *row);
    /* Says length (and group); epochs is what is asked of this stage. */
    dp_status (*plan)(dp_node *, dp_arena *, dp_error *);
    /* From a position of this stage to one of the stage below; NULL = the same. */
    void (*at)(dp_node *, dp_row *);
    /* How many rows make a position of a stage that joins rows into batches; NULL = of others. */
    uint64_t (*rows)(const dp_node *, uint64_t position);
    /* Epochs of the stage below within one of this one; NULL = 1. */
    uint64_t (*epochs)(const dp_node *);
    /* The ordinal of a position, when it is not the position. */
    uint64_t (*place)(const dp_node *, uint64_t position);
    /* Chooses or renames columns; NULL = all stay. */
    dp_status (*columns)(const void *params, dp_columns *, dp_arena *, dp_error *);
} dp_order;

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_order *dp_order_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "order") ? (const dp_order *)info : NULL;
}

extern const dp_order *const dp_orders[]; /* ends with NULL */

/* What stands, unseen, on a reader of rows that come in batches; params: its dp_source. */
extern const dp_order dp_order_grouped;

/* Rows of the stage below, as the stage's original counts them. */
static inline uint64_t dp_node_rows(const dp_node *node, const dp_library *library)
{
    return library->claims ? node->claimed_below : node->below;
}

/* num_samples rows, or all of them (0); a library that claims rows gives no more than it claims. */
static inline void dp_node_set_samples(dp_node *node, const dp_library *library,
                                       int64_t num_samples, uint64_t rows)
{
    const bool all = num_samples == 0 || (library->claims && (uint64_t)num_samples > rows);

    node->length = all ? rows : (uint64_t)num_samples;
    node->claims = node->length;
}

/* The integer column of every position of the stage below, read now.  DP_ESPEC when the rows there
 * are not the same in every epoch, or the column is none of small integers. */
dp_status dp_node_labels(const dp_node *, const char *column, dp_arena *, uint32_t **labels,
                         dp_error *);

/* DP_ESPEC where the library claims other rows than there are below: it fails when one of them is
 * drawn. */
dp_status dp_check_claims(const dp_node *, const dp_library *, dp_error *);
/* DP_ESPEC for a row number that such a library claims to have below, and has not. */
dp_status dp_check_reach(const dp_node *, uint64_t start, uint64_t num_samples, dp_error *);
/* DP_ESPEC or DP_ELIMIT unless the rows end and a table of them is possible. */
dp_status dp_check_rows(uint64_t rows, dp_error *);

/* DP_ESPEC unless each number of the list is one of so many rows. */
dp_status dp_check_indices(const dp_list *, uint64_t rows, dp_error *);

#endif
