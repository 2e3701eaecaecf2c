/* vary.h - columns whose rows differ in shape, and the transforms that end that
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A reader may know of each record what shape it has, and of all the least and the most.  The first
 * transform of such a column brings every row to one shape (`plan_row`); what it plans for one row
 * is planned by the worker that makes the row, in memory that was measured at open.  All other
 * stages see columns of one shape.
 */
#ifndef PIPELINE_VARY_H
#define PIPELINE_VARY_H

#include "pipeline/graph.h"

/* What a step needs to be planned for each row. */
struct dp_each {
    const dp_branch *branch; /* whose records have the shapes */
    uint32_t source_column;
    dp_column column;   /* of the largest row */
    const void *params; /* as the text has them, before plan */
};

/* Where a worker does it. */
typedef struct dp_each_room {
    void *params;
    dp_arena arena; /* emptied for each row */
} dp_each_room;

/* Fits a step to a column whose rows have `least` at least, and counts the room that it takes.
 * DP_ESPEC where the transform takes one shape only, or would make several. */
dp_status dp_each_plan(dp_graph *, dp_step *, const dp_column *in, dp_column *out, dp_error *);
/* NULL when out of memory. */
dp_each_room *dp_each_room_new(dp_graph *);

/* The type of the sample that a step gets: rows are those of the row. */
dp_tensor dp_step_in(const dp_step *, const dp_row *rows);
/* One sample, planned and made.  It fails only where a plan for the least and one for the most did
 * not. */
dp_status dp_each_apply(const dp_step *, const dp_tensor *in, const double *draws, dp_each_room *,
                        const dp_tensor *out, dp_error *);

/* DP_ESPEC when rows of a column differ in shape still; `where` to put what ends it: "before it".
 */
dp_status dp_vary_check(const dp_graph *, const dp_columns *, const char *where, dp_error *);

#endif
