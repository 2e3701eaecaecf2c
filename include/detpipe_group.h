/* detpipe_group.h - ranks that train one net together, and get the bits that one alone would get
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     dp_options options = {.size = sizeof options, .group = group};
 *
 * Every rank opens the same net, makes the same calls in the same order, and gives dp_net_step the
 * whole batch.  Each computes the leaves of samples that are its own, and all sums over the batch
 * are the tree of docs/numerics.md: losses and weights do not depend on how many ranks there are
 * (docs/distributed.md).
 */
#ifndef DETPIPE_GROUP_H
#define DETPIPE_GROUP_H

#include "detpipe_base.h"

DP_BEGIN_DECLS

/* size bytes to a peer, or from it; the memory stays as it is until the transfer is finished. */
typedef struct dp_transfer {
    uint32_t peer;
    uint32_t sends; /* 1 = to the peer, 0 = from it */
    void *data;
    size_t size;
} dp_transfer;

/* A transport.  It does no arithmetic.  It is checked at open (DP_EINVAL), and is read as long as
 * the handle lives. */
typedef struct dp_group {
    size_t size; /* sizeof(dp_group) */
    void *ctx;
    uint32_t rank, ranks; /* rank < ranks <= 4096 (DP_ELIMIT) */
    /* Both are called on the thread of the call that uses the group; `channel` counts from 0.
     * Begins n transfers and returns at once; the array of transfers may go, their data not.
     * Transfers of one channel between two ranks meet in the order in which they were begun;
     * channels are independent. */
    dp_status (*begin)(void *ctx, uint32_t channel, const dp_transfer *, size_t n, void **ticket,
                       dp_error *);
    /* DP_OK: all of them are done and the ticket is gone; DP_END: not yet, only when wait is 0. */
    dp_status (*finish)(void *ctx, void *ticket, uint32_t wait, dp_error *);
} dp_group;

/* Whether every rank has this digest of `what`: DP_ESTATE names the first that has another one than
 * rank 0.  All ranks must call it; group NULL is DP_OK. */
DP_CALL dp_status dp_group_check(const dp_group *, const uint8_t digest[16], const char *what,
                                 dp_error *);

DP_END_DECLS
#endif
