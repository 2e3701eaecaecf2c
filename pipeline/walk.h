/* walk.h - from the number of a batch to the rows of the readers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_WALK_H
#define PIPELINE_WALK_H

#include "pipeline/graph.h"

/* Rows of batch number `batch`, into rows[dp_graph_most_rows * n_segments], row after row; the
 * count (of the longest of batches that are zipped: a row of a shorter one is not taken).  draws:
 * n_draws numbers a row, of replayed transforms; NULL = not wanted.  Not thread-safe: tables are
 * built here. */
uint64_t dp_graph_rows(dp_graph *, uint64_t batch, dp_row *rows, double *draws);

/* Rows of a batch, of a stream in which no batches are zipped. */
uint64_t dp_graph_count(dp_graph *, uint64_t batch);

/* Rows of a full batch of a text on this rank, at most; and of the largest batch that there is: a
 * data set may be smaller than one batch. */
uint64_t dp_graph_full_rows(const dp_graph *, const dp_branch *);
uint64_t dp_graph_most_rows(const dp_graph *);

/* Whether the batch's rows can still be keyed: the first 2^48 of a stream can. */
bool dp_graph_reaches(const dp_graph *, uint64_t batch);

#endif
