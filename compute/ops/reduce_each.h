/* reduce_each.h - reducers from one expression
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Defines the functions of a dp_reducer: binary64 sums of floats (DP_REDUCE_FLOATS), and words
 * where the order is free (DP_REDUCE_WORDS).
 */
#ifndef COMPUTE_OPS_REDUCE_EACH_H
#define COMPUTE_OPS_REDUCE_EACH_H

#include "compute/ops/reduce.h"

#define DP_REDUCE_ROWS 64 /* whose results are kept together */

/* row_kernel: of dp_kernels; store(result, count, y). */
#define DP_REDUCE_BY_ROWS(row_kernel, store)                                                       \
    static void rows(const dp_kernels *k, int64_t n_rows, int64_t n, const void *x, void *out)     \
    {                                                                                              \
        double results[DP_REDUCE_ROWS];                                                            \
        const float *row = x;                                                                      \
        float *y = out;                                                                            \
        for (int64_t some; n_rows > 0; n_rows -= some, row += some * n, y += some) {               \
            some = n_rows < DP_REDUCE_ROWS ? n_rows : DP_REDUCE_ROWS;                              \
            k->row_kernel(some, n, row, results);                                                  \
            for (int64_t i = 0; i < some; i++)                                                     \
                store(results[i], n, y + i);                                                       \
        }                                                                                          \
    }

/* add_run, end_run: of dp_lanes; row_kernel, column_kernel: of dp_kernels; result(sum, count). */
#define DP_REDUCE_FLOATS(start, add_run, end_run, row_kernel, column_kernel, result)               \
    static void begin(dp_accumulator *a, const dp_kernels *k)                                      \
    {                                                                                              \
        dp_lanes_begin(&a->lanes, k, start);                                                       \
    }                                                                                              \
    static void add(dp_accumulator *a, const void *x, int64_t n) { add_run(&a->lanes, x, n); }     \
    static double close_run(dp_accumulator *a) { return end_run(&a->lanes); }                      \
    static void store(double sum, int64_t count, void *out)                                        \
    {                                                                                              \
        (void)count;                                                                               \
        *(float *)out = (float)result(sum, (double)count);                                         \
    }                                                                                              \
    DP_REDUCE_BY_ROWS(row_kernel, store)                                                           \
    static void end(dp_accumulator *a, int64_t count, void *out)                                   \
    {                                                                                              \
        store(close_run(a), count, out);                                                           \
    }                                                                                              \
    static void begin_each(void *sums, int64_t n)                                                  \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            ((double *)sums)[i] = start;                                                           \
    }                                                                                              \
    static void add_each(const dp_kernels *k, void *sums, const void *x, int64_t rows,             \
                         int64_t stride, int64_t n)                                                \
    {                                                                                              \
        k->column_kernel(rows, n, x, stride, sums);                                                \
    }                                                                                              \
    static void end_each(const void *sums, int64_t n, int64_t count, void *out)                    \
    {                                                                                              \
        (void)count;                                                                               \
        for (int64_t i = 0; i < n; i++)                                                            \
            ((float *)out)[i] = (float)result(((const double *)sums)[i], (double)count);           \
    }

/* word: how an element is held while it is reduced (four bytes at most), to and from; joins(a, v):
 * a word of both, in whatever order. */
#define DP_REDUCE_WORDS(name, type, word, start, to, joins, from)                                  \
    static void name##_begin(dp_accumulator *a, const dp_kernels *k)                               \
    {                                                                                              \
        (void)k;                                                                                   \
        for (int j = 0; j < DP_LANES; j++)                                                         \
            ((word *)a->i)[j] = start;                                                             \
    }                                                                                              \
    static void name##_add(dp_accumulator *a, const void *x, int64_t n)                            \
    {                                                                                              \
        const type *v = x;                                                                         \
        word *w = (word *)a->i;                                                                    \
        int64_t i = 0;                                                                             \
        for (; i + DP_LANES <= n; i += DP_LANES) {                                                 \
            for (int j = 0; j < DP_LANES; j++)                                                     \
                w[j] = joins(w[j], to(v[i + j]));                                                  \
        }                                                                                          \
        for (; i < n; i++)                                                                         \
            w[0] = joins(w[0], to(v[i]));                                                          \
    }                                                                                              \
    static void name##_end(dp_accumulator *a, int64_t count, void *out)                            \
    {                                                                                              \
        word *w = (word *)a->i;                                                                    \
        (void)count;                                                                               \
        for (int j = 1; j < DP_LANES; j++)                                                         \
            w[0] = joins(w[0], w[j]);                                                              \
        *(type *)out = from(w[0]);                                                                 \
    }                                                                                              \
    static void name##_begin_each(void *sums, int64_t n)                                           \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            ((word *)sums)[i] = start;                                                             \
    }                                                                                              \
    static void name##_add_each(const dp_kernels *k, void *sums, const void *x, int64_t rows,      \
                                int64_t stride, int64_t n)                                         \
    {                                                                                              \
        word *w = sums;                                                                            \
        const type *v = x;                                                                         \
        (void)k;                                                                                   \
        for (; rows > 0; rows--, v += stride) {                                                    \
            for (int64_t i = 0; i < n; i++)                                                        \
                w[i] = joins(w[i], to(v[i]));                                                      \
        }                                                                                          \
    }                                                                                              \
    static void name##_end_each(const void *sums, int64_t n, int64_t count, void *out)             \
    {                                                                                              \
        (void)count;                                                                               \
        for (int64_t i = 0; i < n; i++)                                                            \
            ((type *)out)[i] = from(((const word *)sums)[i]);                                      \
    }
/* plan and run of a forward part, from its table of reducers. */
#define DP_REDUCE_RUNS(reducers)                                                                   \
    static dp_status plan(void *params, dp_op_plan *plan, dp_error *err)                           \
    {                                                                                              \
        return dp_reduce_plan(params, reducers, sizeof reducers / sizeof reducers[0], plan, err);  \
    }                                                                                              \
    static dp_status run(const void *params, const dp_op_run_args *a, dp_error *err)               \
    {                                                                                              \
        (void)err;                                                                                 \
        dp_reduce_run(params, reducers, sizeof reducers / sizeof reducers[0], a);                  \
        return DP_OK;                                                                              \
    }

/* tree: dp_tree_sum or dp_tree_product. */
#define DP_REDUCER_FLOATS(tree)                                                                    \
    {                                                                                              \
        DP_F32, begin, add, end, close_run, tree, store, rows, begin_each, add_each, end_each      \
    }
#define DP_REDUCER_WORDS(name, dtype, rows)                                                        \
    {                                                                                              \
        dtype, name##_begin, name##_add, name##_end, NULL, NULL, NULL, rows, name##_begin_each,    \
            name##_add_each, name##_end_each                                                       \
    }

#endif
