/* tiles.h - packing, sweeping and multiplying in tiles: what convolution and dense layers share
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A tile is mr x nr outputs whose chains run in registers (kernels/).  Its right operands come from
 * a panel, nr outputs side by side; its left operands are read where they are.
 */
#ifndef COMPUTE_MATH_TILES_H
#define COMPUTE_MATH_TILES_H

#include "base/workers.h"
#include "compute/kernels/kernels.h"
#include "compute/math/post_op.h"

static inline int64_t dp_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t dp_least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Weights as panels [outputs / nr][kd][kh][kw][depth][nr], zeros past the last output.  Strides are
 * of w, in floats; kd, kh and kw may go backwards. */
typedef struct dp_panels {
    const float *w;
    float *dst;
    int64_t n_out, nr, kd, kh, kw, depth;
    int64_t out_stride, depth_stride, kd_stride, kh_stride, kw_stride;
} dp_panels;
void dp_pack(dp_workers *, dp_panels *);

/* Panels of nr right operands: those of place p of panel i lie at `at` + i * panel + p * step. */
typedef struct dp_right {
    const float *at;
    int64_t step, panel;
} dp_right;

/* Samples [n][places][pitch], of which `channels` are taken, as panels: where they lie, or cut to
 * dst [channels / nr][n][places][nr]; whole panels of step nr where a sample has one place. */
typedef struct dp_slices {
    const dp_kernels *kernels;
    const float *src;
    float *dst;
    int64_t n, places, pitch, channels;
} dp_slices;
dp_right dp_slice(dp_workers *, dp_slices *);
bool dp_is_cut(const dp_slices *); /* dst is needed */

/* A grid of places in every image, each the head of `runs` in the source; output j of a place
 * is its CHAIN with column j of the panels, plus bias j (NULL: nothing).  The post_op, NULL or of
 * the array that dst is in, asks for dst_out = 1.  Steps in floats. */
typedef struct dp_sweep {
    const dp_kernels *kernels;
    const float *src, *panels, *bias;
    float *dst;
    const dp_post_op *post_op;
    int64_t images, rows, cols, n_out;
    int64_t src_image, src_row, src_col;
    int64_t dst_image, dst_row, dst_col, dst_out;
    dp_runs runs;
    int64_t piece, pieces; /* outputs of a task, and how many such there are; set by the run */
} dp_sweep;
void dp_run_sweep(dp_workers *, dp_sweep *);

#endif
