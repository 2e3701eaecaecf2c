/* leaf_sums.h - sums over a batch, of some columns side by side: SEQ64 in a leaf, TREE over leaves
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_LEAF_SUMS_H
#define COMPUTE_OPS_LEAF_SUMS_H

#include "compute/sums/tree.h"

#define DP_COLUMNS 128

/* Sums of `columns` columns.  The caller adds the elements of a leaf to `sum` in ascending order,
 * then ends the leaf. */
typedef struct dp_leaf_sums {
    double sum[DP_COLUMNS];
    double tree[DP_TREE_LEVELS][DP_COLUMNS];
    int64_t leaves;
    int32_t depth, columns;
} dp_leaf_sums;

static inline void dp_leaf_sums_clear(dp_leaf_sums *s)
{
    for (int j = 0; j < s->columns; j++)
        s->sum[j] = 0.0;
}

static inline void dp_leaf_sums_begin(dp_leaf_sums *s, int32_t columns)
{
    s->columns = columns;
    s->leaves = 0;
    s->depth = 0;
    dp_leaf_sums_clear(s);
}

static inline void dp_leaf_sums_merge(dp_leaf_sums *s)
{
    s->depth--;
    for (int j = 0; j < s->columns; j++)
        s->tree[s->depth - 1][j] += s->tree[s->depth][j];
}

static inline void dp_leaf_sums_end_leaf(dp_leaf_sums *s)
{
    for (int j = 0; j < s->columns; j++)
        s->tree[s->depth][j] = s->sum[j];
    s->depth++;
    for (int m = dp_tree_merges(s->leaves++); m > 0; m--)
        dp_leaf_sums_merge(s);
    dp_leaf_sums_clear(s);
}

/* The sums of all leaves; there is at least one. */
static inline const double *dp_leaf_sums_total(dp_leaf_sums *s)
{
    while (s->depth > 1)
        dp_leaf_sums_merge(s);
    return s->tree[0];
}

#endif
