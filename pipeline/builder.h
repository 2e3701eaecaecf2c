/* builder.h - the stages of the texts of a stream, found, bound to their parameters, and in place
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_BUILDER_H
#define PIPELINE_BUILDER_H

#include "pipeline/graph.h"

/* A stage of a text: one of the three is not NULL. */
typedef struct dp_found {
    const dp_stage_info *info;
    const dp_reader *reader;
    const dp_order *order;
    const dp_transform *transform;
    void *params;
    uint32_t column;                  /* in the main text */
    uint32_t use;                     /* stages of the same name before it */
    const dp_library *replayed;       /* whose draws it has; NULL = none, or ours */
    const struct dp_found_text *with; /* of a join: the other stream */
    const struct dp_found_text *held; /* transforms that this one holds */
} dp_found;

typedef struct dp_found_text {
    dp_found *found;
    uint32_t n;
} dp_found_text;

typedef struct dp_builder {
    dp_graph *graph;
    uint64_t seed;
    const dp_options *options;
    const dp_options *files; /* NULL = lists in files are not read */
    uint32_t *uses;          /* of each row of dp_stage_table so far */
    dp_error *err;
} dp_builder;

/* Parses the text and those in it; makes the branches and their nodes, and room for the steps. */
dp_status dp_builder_find(dp_builder *, const char *spec, dp_found_text **out);

/* The graph's canonical text and fingerprint. */
dp_status dp_builder_name(dp_builder *, const dp_found_text *);

/* A failure that has no column gets the stage's. */
dp_status dp_found_fail(const dp_builder *, const dp_found *, dp_status);

#endif
