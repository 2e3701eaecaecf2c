/* branch.h - one text of a stream: a reader and the order stages on it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A stream is a main text and the texts of the streams that are joined to it.  The rows of a stream
 * run in segments: below a join there are the rows of one reader, above it rows of several.  Random
 * transforms are keyed by the row of the segment that they stand in.
 */
#ifndef PIPELINE_ORDER_BRANCH_H
#define PIPELINE_ORDER_BRANCH_H

#include "io/reader.h"
#include "pipeline/order/order.h"

typedef struct dp_branch {
    const dp_reader *reader;
    const void *params; /* the reader's */
    dp_source source;
    const dp_options *options; /* with which it was opened */
    bool opened;               /* the source is to be closed */
    dp_node *nodes;            /* from the reader up */
    uint32_t n_nodes;
    uint64_t length;
    uint32_t batch_node;            /* the batch stage among them; n_nodes = none */
    uint32_t batched;               /* the segment that it groups; without batch top */
    uint64_t batch_size;            /* rows of a full batch before sharding; 1 without batch */
    uint32_t segment;               /* of the reader's rows */
    uint32_t slots[DP_MAX_COLUMNS]; /* of the reader's columns */
    /* Of columns that are files of pictures, of each record; NULL = they are not asked for, or the
     * reader knows them (pipeline/heads.h). */
    const struct dp_short_head *heads[DP_MAX_COLUMNS];
    bool planes;                 /* its images are read as planes */
    bool direct[DP_MAX_COLUMNS]; /* read into the batch: nothing changes the column */
} dp_branch;

/* The record of a row above the first n nodes, none of which is a join. */
static inline uint64_t dp_branch_row(const dp_branch *branch, uint32_t n, dp_row row)
{
    while (n-- > 0) {
        if (branch->nodes[n].order->at != NULL)
            branch->nodes[n].order->at(&branch->nodes[n], &row);
    }
    return row.record;
}

/* The same of a position, where no node is random. */
static inline uint64_t dp_branch_record(const dp_branch *branch, uint32_t n, uint64_t position)
{
    return dp_branch_row(branch, n, (dp_row){.record = position});
}

#endif
