/* replay.h - the numbers that another library draws for random transforms, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_REPLAY_H
#define PIPELINE_REPLAY_H

#include "pipeline/builder.h"

/* A stage that leaves the order as it is and notes, for every row that passes, the numbers that
 * the library's operation would draw there.  It stands where the transform stands. */
extern const dp_order dp_order_replay;

typedef struct dp_replay dp_replay;

/* Of the graph's steps so far, number `first` is the transform; the others behind it are those that
 * it holds.  Or it is one that mixes batches. */
typedef struct dp_replayed {
    const dp_library *library;
    uint32_t first;
    const dp_mix *mix;     /* NULL = steps */
    const dp_found *batch; /* right before it; NULL = it works on rows */
} dp_replayed;
dp_status dp_replay_plan(dp_node *, const dp_replayed *, dp_graph *, dp_error *);

#endif
