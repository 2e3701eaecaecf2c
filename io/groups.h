/* groups.h - rows in batches of several sizes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_GROUPS_H
#define IO_GROUPS_H

#include "base/alloc.h"

#define DP_MAX_RUNS (1 << 20)

/* Batches of equally many rows, one after another. */
typedef struct dp_run {
    uint64_t batches, rows;
    uint64_t first_batch, first_row;
} dp_run;

typedef struct dp_groups {
    dp_run *runs;
    uint32_t n;
    size_t room;
    uint64_t n_batches, n_rows;
    uint64_t batch_size; /* rows of a full batch; 0 = there are no batches, only rows */
} dp_groups;

/* More batches of `rows` each at the end; a run goes on where it can.  DP_ELIMIT past DP_MAX_RUNS
 * or 2^63 rows. */
dp_status dp_groups_add(dp_groups *, uint64_t batches, uint64_t rows, dp_arena *, dp_error *);

/* The first row of a batch (of n_batches: n_rows), and the number of its rows. */
uint64_t dp_groups_first(const dp_groups *, uint64_t batch);
uint64_t dp_groups_rows(const dp_groups *, uint64_t batch);

/* The batch of a row. */
uint64_t dp_groups_batch(const dp_groups *, uint64_t row);

#endif
