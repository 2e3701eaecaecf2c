/* tree.h - TREE over leaves that come one after another (docs/numerics.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Partial results are kept like the digits of a binary counter: leaf number i arrives and is added
 * to its left neighbours of equal size, one for each trailing one of i.  At the end what is left is
 * added from the right. That is the level-by-level tree in which an odd last element moves up
 * unchanged.
 */
#ifndef COMPUTE_SUMS_TREE_H
#define COMPUTE_SUMS_TREE_H

#include <stdint.h>

#define DP_TREE_DEPTH  13 /* of DP_MAX_LEAVES */
#define DP_TREE_LEVELS 48 /* of any number of leaves */

/* How many levels leaf number i (from 0) merges when it arrives. */
static inline int dp_tree_merges(int64_t i) { return __builtin_ctzll(~(uint64_t)i); }

/* How many partial results n leaves have left. */
static inline int dp_tree_depth(int64_t n) { return __builtin_popcountll((uint64_t)n); }

/* TREE over n rows of `width` sums, element by element, into the first row.  n >= 1. */
static inline void dp_tree_rows(double *sums, int64_t n, int64_t width)
{
    for (int64_t step = 1; step < n; step *= 2) {
        for (int64_t i = 0; i + step < n; i += 2 * step) {
            for (int64_t j = 0; j < width; j++)
                sums[i * width + j] += sums[(i + step) * width + j];
        }
    }
}

/* TREE over n sums, or of factors, which are overwritten.  n >= 1. */
#define DP_TREE(name, joins)                                                                       \
    static inline double name(double *v, int64_t n)                                                \
    {                                                                                              \
        for (; n > 1; n = (n + 1) / 2) {                                                           \
            for (int64_t i = 0; i < n / 2; i++)                                                    \
                v[i] = v[2 * i] joins v[2 * i + 1];                                                \
            if (n % 2 != 0)                                                                        \
                v[n / 2] = v[n - 1];                                                               \
        }                                                                                          \
        return v[0];                                                                               \
    }
DP_TREE(dp_tree_sum, +)
DP_TREE(dp_tree_product, *)

#endif
