/* batch.h - the memory of a batch, and the data plane that fills it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_BATCH_H
#define PIPELINE_BATCH_H

#include <stdatomic.h>

#include "detpipe.h"
#include "pipeline/vary.h"

struct dp_batch {
    const dp_graph *graph;
    dp_tensor tensors[DP_MAX_COLUMNS];
    dp_row *rows;  /* n_segments a row */
    double *draws; /* n_draws a row */
    uint64_t index, n_rows;
    dp_wanted wanted;
    _Atomic uint64_t rows_left; /* not filled yet */
    _Atomic uint64_t first_bad; /* the least row that could not be read */
    _Atomic uint32_t filled;    /* whole, and its status known */
    dp_status status;           /* of filling; error says more */
    dp_error error;
    uint8_t digest[16]; /* of a graph that wants them */
    dp_batch *next;     /* in the list of free ones */
};

/* What a worker makes a row in.  Buffers between two transforms, two for each slot that has any;
 * records are read into the first.  The samples of the row: their data is there or in the batch,
 * and their shapes change from row to row where rows differ. */
typedef struct dp_scratch {
    void *buffers[DP_MAX_SLOTS][2];
    dp_tensor *read[DP_MAX_BRANCHES]; /* of each column of each text's reader */
    dp_tensor *made;                  /* of each step */
    dp_workspace space;
    dp_each_room *each; /* for steps that are planned for each row */
} dp_scratch;

dp_batch *dp_batch_new(dp_graph *); /* in the graph's arena; NULL when it is out of memory */
dp_status dp_scratch_plan(dp_scratch *, dp_graph *, dp_error *);

/* Says which rows; one thread at a time.  Then slices of them are read and transformed, each on any
 * thread; the thread that fills the last one finishes the batch. */
void dp_batch_claim(dp_batch *, dp_graph *, uint64_t index);
void dp_batch_fill(dp_batch *, uint64_t first, uint64_t n, const dp_scratch *);

/* The numbers of a row that are not drawn yet, but of the steps that are planned for each row;
 * segment rows and draws are those of the row. */
void dp_batch_draw(const dp_graph *, const dp_row *rows, double *draws);
/* Those, too.  The row is not made, but files of pictures are looked at: its records are read into
 * the buffers of their slots, where the graph decodes any. */
dp_status dp_batch_draw_each(const dp_graph *, const dp_row *rows, double *draws, dp_each_room *,
                             void *const buffers[DP_MAX_SLOTS], dp_error *);
/* The numbers that are not drawn yet of the transforms that mix batch `index`, of its n rows;
 * draws: n_draws a row. */
void dp_batch_draw_mixes(const dp_graph *, uint64_t index, const dp_row *rows, uint64_t n,
                         double *draws);
/* Whether a step is applied, with the numbers of a row. */
bool dp_step_open(const dp_step *, const double *draws);

/* The tensor of a full batch of column c. */
dp_tensor dp_batch_type(const dp_graph *, uint32_t c);

#endif
