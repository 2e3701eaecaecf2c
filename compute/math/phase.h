/* phase.h - along one axis of a convolution: which taps meet which places, backward
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_PHASE_H
#define COMPUTE_MATH_PHASE_H

#include "compute/kernels/kernels.h"

/* The places first, first + stride, ... of the input, `places` of them, which meet the taps tap,
 * tap + tap_step, ..., `taps` of them.  Place number i meets them, the last one first, at the
 * places head + i, head + i + step, ... of the output gradient, which has a border. */
typedef struct dp_phase {
    int64_t first, places, tap, taps, tap_step, head, step;
} dp_phase;

/* One of `stride` phases; pad: zeros before the input; front: of the border. */
dp_phase dp_phase_of(int64_t first, int64_t stride, int64_t dilation, int64_t pad, int64_t size,
                     int64_t kernel, int64_t front);

/* The border of the output gradient: the places before it, and those from its beginning to the end
 * of what any tap of any phase meets. */
int64_t dp_gradient_front(int64_t kernel, int64_t dilation, int64_t stride);
int64_t dp_gradient_reach(int64_t out, int64_t size, int64_t pad, int64_t stride);

/* Taps that follow one another without a gap are one run. */
dp_runs dp_runs_of(int64_t planes, int64_t plane_stride, int64_t rows, int64_t row_stride,
                   int64_t taps, int64_t tap_stride, int64_t run);

#endif
