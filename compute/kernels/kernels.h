/* kernels.h - the inner loops, one table for each instruction set
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every table computes the same bits: each output is one chain of fused multiply-adds from +0 in
 * the written order, held in a register of whatever width.  Which table runs is chosen when a net
 * is opened.
 */
#ifndef COMPUTE_KERNELS_KERNELS_H
#define COMPUTE_KERNELS_KERNELS_H

#include "base/cpu.h"

#define DP_MAX_MR   16
#define DP_MAX_NR   64
#define DP_MAX_TILE 384 /* floats */

/* What the chain of an output runs over: rows x taps runs of `run` floats.  Strides in floats. */
typedef struct dp_runs {
    int64_t rows, taps, run;
    int64_t row_stride, tap_stride;
} dp_runs;

typedef struct dp_update {
    float learning_rate, momentum, weight_decay;
    int nesterov;
} dp_update;

typedef struct dp_kernels {
    const char *name;
    int mr, nr; /* a tile is mr x nr outputs */

    /* out_i[j] = CHAIN over the runs' floats k in order of a_i[k] * panel[k][j]. */
    void (*tile)(const dp_runs *, const float *const a[], const float *panel, float *const out[]);

    /* acc[i][j] = CHAIN that goes on from `from` (NULL: begins at +0) over k < n, n >= 1, of
     * left[k * stride + i] * panel[k][j]; then to = acc, or to = to + acc.  Meanwhile the cache is
     * told of what comes next: a line each `step` floats from `ahead`, n of them. */
    void (*outer)(int64_t n, const float *from, int64_t stride, const float *left,
                  const float *panel, float *to, bool add, const float *ahead, int64_t step);

    /* left[i] += right[i] */
    void (*add)(int64_t n, float *left, const float *right);

    /* The two updates of docs/numerics.md on n parameters. */
    void (*sgd)(const dp_update *, int64_t n, float *p, const float *g);
    void (*momentum)(const dp_update *, int64_t n, float *p, const float *g, float *v);
} dp_kernels;

extern const dp_kernels dp_kernels_scalar;
#if defined(__x86_64__)
extern const dp_kernels dp_kernels_sse2, dp_kernels_avx2, dp_kernels_avx512;
#elif defined(__aarch64__)
extern const dp_kernels dp_kernels_neon;
#endif

const dp_kernels *dp_kernels_of(dp_cpu_level);

#endif
