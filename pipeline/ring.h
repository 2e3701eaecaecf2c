/* ring.h - batches made ahead by threads and delivered in order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_RING_H
#define PIPELINE_RING_H

#include <pthread.h>

#include "pipeline/ahead.h"
#include "pipeline/batch.h"

typedef struct dp_ring {
    dp_graph *graph;
    uint32_t n_threads, n_started; /* 0 threads: batches are made on the caller's */
    uint64_t claim, deliver;       /* numbers of the next batch to be made and to be delivered */
    uint32_t n_slots;              /* batches under way */
    uint32_t most_claimed, ramp;   /* at a time; now, as it grows from 1 */
    uint64_t slice_rows;           /* of a large batch, claimed at a time */
    dp_batch *begun;               /* rows of it are still to be claimed; NULL = none */
    uint64_t rows_claimed;         /* of it */
    uint32_t busy, idle;           /* threads that fill batches, and that wait for some */
    uint64_t n_batches, n_held;    /* made in all; with the caller */
    dp_batch **slots;              /* of batch i: i % n_slots */
    dp_batch *free;
    dp_ahead ahead;
    dp_scratch *scratch; /* the caller's, then of each thread */
    pthread_t *threads;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    bool paused, stop, locks; /* locks = the three above are there */
    bool waiting;             /* the caller, for `done` */
    uint64_t helps_until;     /* the caller counts as one of the threads until that batch */
    uint32_t n_joined;        /* threads that took their scratch */
} dp_ring;

dp_status dp_ring_open(dp_ring *, dp_graph *, const dp_options *, dp_error *);
void dp_ring_close(dp_ring *);
void dp_ring_seek(dp_ring *, uint64_t batch);
/* Batches that were made ahead are made anew. */
void dp_ring_want(dp_ring *, dp_wanted);

/* Takes the caller's batch back and gives the next one, which may hold a failure.  DP_ENOMEM or
 * DP_ELIMIT when the caller keeps so many that another is needed and cannot be had. */
dp_status dp_ring_next(dp_ring *, dp_batch **batch, dp_error *);
void dp_ring_recycle(dp_ring *, dp_batch **batch);

/* dp_graph_rows and dp_graph_count while the threads are kept from it. */
uint64_t dp_ring_rows(dp_ring *, uint64_t batch, dp_row *rows, double *draws);
uint64_t dp_ring_count(dp_ring *, uint64_t batch);

#endif
