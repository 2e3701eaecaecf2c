/* buckets.h - gradients summed over the ranks while the backward pass goes on
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The gradients of a rank's parts lie one after another, in the order in which the backward pass
 * makes them, and are cut into buckets wherever that falls.  A bucket that is full is sent: to each
 * rank its slice of it, which that rank adds up as TREE over the parts and sends to all.  What is
 * cut where changes no association: the tree is of each element.
 */
#ifndef COMPUTE_SUMS_BUCKETS_H
#define COMPUTE_SUMS_BUCKETS_H

#include "compute/kernels/kernels.h"
#include "compute/sums/share.h"

typedef struct dp_bucket {
    int64_t first, last; /* elements */
    int stage;
    void *ticket;
    float *received; /* [parts of all ranks][largest slice] */
} dp_bucket;

typedef struct dp_buckets {
    dp_share *share;
    const dp_kernels *kernels;
    int64_t count;   /* elements of all gradients */
    float *gradient; /* [count], of the whole batch */
    float *parts;    /* [own parts][count]; the same as gradient for one rank */
    dp_bucket *buckets;
    int64_t n_buckets, begun;
    dp_transfer *transfers;
    float **rows; /* where each part of a slice is */
} dp_buckets;

dp_status dp_buckets_open(dp_buckets *, dp_share *, const dp_kernels *, int64_t count, dp_arena *,
                          dp_error *);

/* The gradients of the elements before `ready` are there. */
void dp_buckets_advance(dp_buckets *, int64_t ready);
/* Waits until all of `gradient` is there; the next step begins anew. */
void dp_buckets_finish(dp_buckets *);

#endif
