/* pipeline.h - the handle of detpipe.h, for the calls that do more with one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include "base/handle.h"
#include "detpipe.h"
#include "pipeline/ring.h"

struct dp_pipeline {
    dp_handle handle; /* its failure is dp_next's, repeated until the position moves */
    dp_graph graph;
    dp_ring ring;
    uint64_t seed;
    dp_tensor outputs[DP_MAX_COLUMNS], least[DP_MAX_COLUMNS];
    bool identified;
    uint8_t identity[16]; /* of the data set that was opened */
    dp_error changed;     /* repeated once a file of it has changed; status DP_OK = none has */
    dp_row *rows;         /* of a batch that is looked at; NULL = none yet */
    double *draws;
    dp_each_room *room; /* where steps are planned for one of them, and its records read */
    void *buffers[DP_MAX_SLOTS];
};

/* What a stream is known by: of one that is read back, what it was.  Hashes the data set once. */
dp_status dp_origin_of(dp_pipeline *, dp_origin *out, dp_error *);

#endif
