/* share.h - the leaves of a batch that a rank computes, and sums over all of them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rank r of R has the leaves from L r / R to L (r + 1) / R of L.  They are cut into parts, each a
 * subtree of TREE over all L: as long as can be, aligned to its length, and whatever is left at the
 * end of the batch.  A rank alone has one part.  What parts add up to does not depend on who has
 * them, so neither does their sum.
 */
#ifndef COMPUTE_SUMS_SHARE_H
#define COMPUTE_SUMS_SHARE_H

#include "base/alloc.h"
#include "base/status.h"
#include "detpipe_group.h"

/* Leaves of samples: the batch is cut at multiples of `leaf`, whatever runs it. */
#define DP_MAX_LEAVES (1 << 12)

#define DP_MAX_PARTS 26 /* of a rank: leaves are DP_MAX_LEAVES at most */

typedef struct dp_part {
    int64_t first, n; /* samples; first: of the rank's own */
} dp_part;

/* The most parts of a rank, and of all ranks, that any batch has. */
typedef struct dp_share_limits {
    int64_t parts, all_parts;
} dp_share_limits;

typedef struct dp_share {
    const dp_group *group; /* NULL = alone */
    int64_t total, leaf;   /* samples of the batch, of a leaf */
    int64_t first, n;      /* this rank's samples */
    int64_t n_parts;
    dp_part parts[DP_MAX_PARTS];
    dp_share_limits limits;
    int64_t *starts;        /* the leaf that each part begins with, of all ranks */
    int64_t *offsets;       /* [ranks + 1]: where each rank's begin in starts */
    double *sums;           /* of all parts, `width` each at most */
    dp_transfer *transfers; /* [2 ranks] */
    bool failed;
    dp_error *error; /* of the first failure */
} dp_share;

/* One rank alone, with nothing to free. */
dp_share dp_share_alone(int64_t total, int64_t leaf);

/* For batches of up to `most` samples.  width: of the widest dp_share_sum. */
dp_status dp_share_open(dp_share *, const dp_group *, int64_t most, int64_t leaf, int64_t width,
                        dp_arena *, dp_error *);
void dp_share_cut(dp_share *, int64_t total);

/* The most samples that a rank has of them. */
int64_t dp_share_most(const dp_group *, int64_t most, int64_t leaf);

static inline int64_t dp_share_leaves(const dp_share *s) { return (s->n + s->leaf - 1) / s->leaf; }

/* sums: [own leaves][width], but at least one row.  TREE over all leaves of all ranks, into the
 * first row, on every rank. */
void dp_share_sum(dp_share *, double *sums, int64_t width);

/* TREE over the parts of all ranks, in the order of `starts`: join(ctx, i, j) adds part j to i; the
 * sum is part 0's in the end. */
void dp_share_tree(const dp_share *, void (*join)(void *ctx, int64_t i, int64_t j), void *ctx);

/* n transfers that must be over before anything goes on. */
dp_status dp_group_transfer(const dp_group *, const dp_transfer *, size_t n, dp_error *);

#endif
