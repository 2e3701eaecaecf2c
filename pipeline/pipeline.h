/* pipeline.h - the handle of detpipe.h, for the calls that do more with one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include "detpipe.h"
#include "pipeline/ring.h"

struct dp_pipeline {
    dp_graph graph;
    dp_ring ring;
    dp_options options;
    uint64_t seed;
    int64_t process; /* that opened it */
    dp_tensor outputs[DP_MAX_COLUMNS];
    dp_error failure; /* repeated until the position moves; status DP_OK = none */
    bool identified;
    uint8_t identity[16]; /* of the data set that was opened */
    dp_error changed;     /* repeated once a file of it has changed; status DP_OK = none has */
    dp_row *rows;         /* of a batch that is looked at; NULL = none yet */
    double *draws;
};

/* What a stream is known by: of one that is read back, what it was.  Hashes the data set once. */
dp_status dp_origin_of(dp_pipeline *, dp_origin *out, dp_error *);

#endif
