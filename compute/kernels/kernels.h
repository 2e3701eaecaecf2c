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

#define DP_MAX_MR 16
#define DP_MAX_NR 64

/* Where the left operands of an outer product stand: `images` images of `rows` x `cols` places. */
typedef struct dp_places {
    int64_t images, rows, cols;
    int64_t image_stride, row_stride, col_stride; /* in floats */
} dp_places;

typedef struct dp_update {
    float learning_rate, momentum, weight_decay;
    int nesterov;
} dp_update;

typedef struct dp_kernels {
    const char *name;
    int mr, nr; /* a tile is mr x nr outputs */

    /* out[i][j] = CHAIN over r < runs, k < run of a_i[r * stride + k] * panel[r * run + k][j]. */
    void (*tile)(int64_t runs, int64_t run, int64_t stride, const float *const a[],
                 const float *panel, float *out);

    /* out[i][j] = CHAIN over the places p in order of a_i[p] * panel[p][j]. */
    void (*outer)(const dp_places *, const float *const a[], const float *panel, float *out);

    /* left[i] += right[i] */
    void (*add)(int64_t n, float *left, const float *right);

    /* The two updates of docs/numerics.md on n parameters. */
    void (*sgd)(const dp_update *, int64_t n, float *p, const float *g);
    void (*momentum)(const dp_update *, int64_t n, float *p, const float *g, float *v);
} dp_kernels;

extern const dp_kernels dp_kernels_scalar;
#if defined(__x86_64__)
extern const dp_kernels dp_kernels_avx2, dp_kernels_avx512;
#elif defined(__aarch64__)
extern const dp_kernels dp_kernels_neon;
#endif

const dp_kernels *dp_kernels_of(dp_cpu_level);

#endif
