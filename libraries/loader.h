/* loader.h - what workers of a loader read, and ranks of a run: what several libraries share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_LOADER_H
#define LIBRARIES_LOADER_H

#include "libraries/library.h"

#define DP_MOST_WORKERS 256
#define DP_MOST_RANKS   65536

/* The number of a rule, 2^32 - 1 for more than that; if it is not given, another. */
uint32_t dp_rule_number(const dp_ask *, int rule, uint32_t otherwise);

/* DP_ESPEC unless the rules workers: and batch_size:, one behind the other, are both given or
 * neither, or are out of range. */
dp_status dp_check_workers(const dp_ask *, int workers, dp_error *);

/* The same of ranks: and rank:, one behind the other. */
dp_status dp_check_ranks(const dp_ask *, int ranks, dp_error *);

/* What a worker reads: places of its rows, from begin to before end. */
typedef struct dp_worker {
    uint32_t begin, end;
} dp_worker;

/* As a DataLoader of PyTorch delivers: a batch of each worker in turn, whose last one may be
 * shorter; who has none left is passed over.  Rows of workers[0 .. n - 1], which come to nothing,
 * to out. */
void dp_workers_in_turn(dp_worker *workers, uint32_t n, uint32_t batch, const uint32_t *rows,
                        uint32_t *out);

#endif
