/* outer.h - products of everything on the left with everything on the right, summed over places
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_OUTER_H
#define COMPUTE_MATH_OUTER_H

#include "compute/math/padded.h"
#include "compute/math/tiles.h"

/* out(t, j) = TREE over leaves of CHAIN over the places of the leaf's planes of left_t * right_j.
 * The t's are kd x kh x kw runs of `run` floats at each place of the volumes; right is in panels of
 * the same places. */
typedef struct dp_outer {
    const dp_kernels *kernels;
    dp_padded left;
    dp_right right; /* of the same places */
    float *out;
    int64_t planes, depth, rows, cols;      /* of places: all planes, those of a volume */
    int64_t front, top, first;              /* where the first place is in a volume */
    int64_t plane_step, row_step, col_step; /* from a place to the next; col_step in floats */
    int64_t kd, kh, kw, run;
    int64_t kd_step, kh_step, kw_step; /* from a run to the next; kw_step in floats */
    int64_t n_right, leaf;             /* leaf in planes */
    int64_t tap, tap_stride, left_stride, right_stride; /* of out: t / tap, t % tap, j */
} dp_outer;
void dp_run_outer(dp_workers *, dp_outer *);

#endif
