/* rows.h - a stream as a snapshot's header and records
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_SNAPSHOT_ROWS_H
#define PIPELINE_SNAPSHOT_ROWS_H

#include "detpipe_snapshot.h"
#include "io/snapshot/file.h"
#include "pipeline/pipeline.h"

/* The stream's header with these options.  The data set is hashed. */
dp_status dp_rows_describe(dp_pipeline *, const dp_snapshot_options *, dp_arena *,
                           dp_snapshot_header *out, dp_error *);

/* The rows of a stream one after another. */
typedef struct dp_rows {
    dp_pipeline *pipeline;
    const dp_snapshot_header *header;
    uint64_t back; /* where the pipeline was */
    dp_batch *batch;
    uint64_t row, n_rows; /* of the batch */
} dp_rows;
void dp_rows_open(dp_rows *, dp_pipeline *, const dp_snapshot_header *);
void dp_rows_close(dp_rows *); /* the pipeline goes back to where it was */

dp_status dp_rows_seek(dp_rows *, uint64_t record, dp_error *);
/* The next n. */
dp_status dp_rows_take(dp_rows *, uint64_t n, const dp_block_rows *, dp_error *);

#endif
