/* graph.h - a text fitted together: reader, order stages, transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_GRAPH_H
#define PIPELINE_GRAPH_H

#include "io/reader.h"
#include "pipeline/order/order.h"
#include "transforms/transform.h"

/* A transform fitted to its column. */
typedef struct dp_step {
    const dp_transform *transform;
    void *params;
    uint64_t key;
    uint32_t column;
    bool last;         /* of its column: writes into the batch */
    dp_tensor in, out; /* types of one row */
} dp_step;

typedef struct dp_graph {
    dp_arena arena;
    const dp_reader *reader;
    dp_source source;
    bool opened;                           /* the source is to be closed */
    dp_node *nodes;                        /* order stages from the reader up */
    uint32_t n_nodes, n_steps, batch_node; /* batch_node = n_nodes: none */
    dp_step *steps;                        /* in the order of the text */
    dp_column columns[DP_MAX_COLUMNS];     /* of one row, as delivered */
    size_t scratch[DP_MAX_COLUMNS]; /* bytes of the largest sample that a step of the column reads;
                                       0 = no step */
    uint64_t length;                /* batches */
    uint64_t batch_size;            /* rows of a full batch; 1 without batch */
    char *spec;                     /* canonical */
    uint8_t fingerprint[16];
} dp_graph;

/* Everything about the stream that may fail, but for reading.  dp_graph_close takes a half-built
 * one. */
dp_status dp_graph_open(dp_graph *, const char *spec, uint64_t seed, const dp_options *,
                        dp_error *);
void dp_graph_close(dp_graph *);

/* Rows of batch number `batch`, into rows[batch_size]; the count.  Not thread-safe: tables are
 * built here. */
uint64_t dp_graph_rows(dp_graph *, uint64_t batch, dp_row *rows);

/* Whether the batch's rows can still be keyed: the first 2^48 of a stream can. */
bool dp_graph_reaches(const dp_graph *, uint64_t batch);

extern const dp_stage_info
    *const dp_stage_table[]; /* all rows of all lists, sorted by kind and name */
extern const size_t dp_n_stages;

#endif
