/* share.h - the leaves of a batch that a rank computes, and sums over all of them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rank r of R has the leaves from L r / R to L (r + 1) / R of L.  They are cut into parts, each a
 * subtree of TREE over all L: as long as can be, aligned to its length, and whatever is left at the
 * end of the batch.  A rank alone has one part.  What parts add up to does not depend on who has
 * them, so neither does their sum.
 *
 * A batch may come in small batches, one after the other, each shared by the ranks like a batch of
 * its own.  All but the last have one number of leaves, a power of two: they are subtrees, too, and
 * TREE goes on over them as over leaves that come one after another (tree.h).
 */
#ifndef COMPUTE_SUMS_SHARE_H
#define COMPUTE_SUMS_SHARE_H

#include "base/alloc.h"
#include "base/status.h"
#include "compute/sums/tree.h"
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
    int64_t batch;         /* samples of the batch */
    int64_t small;         /* the most of a small batch of it */
    int64_t before, total; /* of the batch before this small batch; of this small batch */
    int64_t leaf;          /* samples of a leaf */
    int64_t first, n;      /* this rank's samples; first: of the batch */
    int64_t n_parts;
    dp_part parts[DP_MAX_PARTS];
    dp_share_limits limits;
    int64_t *starts;        /* the leaf that each part begins with, of all ranks */
    int64_t *offsets;       /* [ranks + 1]: where each rank's begin in starts */
    double *sums;           /* of all parts, `width` each at most */
    dp_transfer *transfers; /* [2 ranks] */
    bool failed;
    dp_error *error; /* of the first failure */
    int64_t number;  /* of this small batch, from 0 */
    bool last;       /* it ends the batch */
    double *kept;    /* [dp_kept_rows][kept_width]: sums of small batches before this one */
    int64_t kept_width, kept_at;
} dp_share;

/* One rank alone and a batch that comes at once, with nothing to free. */
dp_share dp_share_alone(int64_t total, int64_t leaf);

/* For small batches of up to `most` samples.  width: of the widest dp_share_sum. */
dp_status dp_share_open(dp_share *, const dp_group *, int64_t most, int64_t leaf, int64_t width,
                        dp_arena *, dp_error *);
/* A batch may have so many small batches.  width: of all dp_share_sum and dp_share_fold of one of
 * them together; these are the same in each, in the same order. */
dp_status dp_share_accumulate(dp_share *, int64_t small_batches, int64_t width, dp_arena *,
                              dp_error *);

/* Begins a batch with its first small batch; goes on to the next one, or false. */
void dp_share_cut(dp_share *, int64_t batch);
bool dp_share_next(dp_share *);

/* Whether a sample of a batch is this rank's, whichever batch is under way. */
bool dp_share_has(const dp_share *, int64_t batch, int64_t sample);

/* The most samples that a rank has of them. */
int64_t dp_share_most(const dp_group *, int64_t most, int64_t leaf);

static inline int64_t dp_share_leaves(const dp_share *s) { return (s->n + s->leaf - 1) / s->leaf; }

/* sums: [own leaves][width], but at least one row.  TREE over all leaves of all ranks, into the
 * first row, on every rank; with the last small batch that of the whole batch. */
void dp_share_sum(dp_share *, double *sums, int64_t width);
/* The same in two: of this small batch alone, then that together with those before it. */
void dp_share_sum_small(dp_share *, double *sums, int64_t width);
void dp_share_fold(dp_share *, double *sums, int64_t width);

/* Results of small batches that are kept while a batch of so many is under way. */
static inline int dp_kept_rows(int64_t small_batches)
{
    int rows = 0;
    for (int64_t n = small_batches - 1; n > 0; n /= 2)
        rows++;
    return rows;
}

/* What a result of this small batch is added to: row after row of the first dp_share_kept, last
 * first, so many of them.  Unless the batch ends, the sum is kept where the last of these was. */
static inline int dp_share_kept(const dp_share *s) { return dp_tree_depth(s->number); }
static inline int dp_share_merges(const dp_share *s)
{
    return s->last ? dp_share_kept(s) : dp_tree_merges(s->number);
}

/* TREE over the parts of all ranks, in the order of `starts`: join(ctx, i, j) adds part j to i; the
 * sum is part 0's in the end. */
void dp_share_tree(const dp_share *, void (*join)(void *ctx, int64_t i, int64_t j), void *ctx);

/* n transfers that must be over before anything goes on. */
dp_status dp_group_transfer(const dp_group *, const dp_transfer *, size_t n, dp_error *);

#endif
