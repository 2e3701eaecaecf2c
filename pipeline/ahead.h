/* ahead.h - what will be read of files that lie elsewhere, told to their readers in time
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The order is known before anything is read: batches that nobody makes yet are walked, and the
 * readers of their rows told.  Nothing of what is delivered depends on it.
 */
#ifndef PIPELINE_AHEAD_H
#define PIPELINE_AHEAD_H

#include "pipeline/graph.h"

typedef struct dp_ahead {
    dp_graph *graph;
    dp_row *rows;   /* of the batch that is told of; NULL = no reader wants to be told */
    uint64_t batch; /* its number */
    uint64_t n_rows,
        row;        /* what it has, and the first that was not told of; n_rows 0 = not walked */
    uint64_t turns; /* the turn of batch 0, modulo 2^64 */
    uint64_t epoch, told; /* the last that its rows are of; that those told of are of */
} dp_ahead;

/* Of a graph whose readers are open. */
dp_status dp_ahead_open(dp_ahead *, dp_graph *, dp_error *);

/* The next batch to be made is another than that after the last one. */
void dp_ahead_seek(dp_ahead *, uint64_t batch);

/* Goes on, as far as there is room: `claim` is made next, `deliver` is delivered next.  By whoever
 * may walk the graph (dp_graph_rows). */
void dp_ahead_go(dp_ahead *, uint64_t claim, uint64_t deliver);

#endif
