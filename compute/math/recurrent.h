/* recurrent.h - lstm and gru over a sequence: what the operators and the layers share
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Orders: docs/numerics.md.  Sequences are [steps][batch][..], matrices [in][out] with the gates
 * side by side, as MindSpore's DynamicRNN and DynamicGRUV2 have them.
 */
#ifndef COMPUTE_MATH_RECURRENT_H
#define COMPUTE_MATH_RECURRENT_H

#include "compute/math/run.h"

#define DP_ACTIVATIONS   "binary64,fast" /* dp_precision */
#define DP_CELL_OUTPUTS  7
#define DP_CELL_MATRICES 2

typedef struct dp_sequence {
    int64_t steps, batch, inputs, hidden;
    dp_precision activation;
    double forget_bias, cell_clip; /* of lstm */
} dp_sequence;

/* As many of the n matrices, biases and states are used as the cell has. */
typedef struct dp_sequence_run {
    dp_math_run math; /* workspace: as the cell's `memory` says */
    const float *x, *w[DP_CELL_MATRICES], *b[DP_CELL_MATRICES];
    const float *init[2];        /* h and c: [batch][hidden] */
    float *out[DP_CELL_OUTPUTS]; /* [steps][batch][hidden]; y, and what backward needs */
    /* backward */
    const float *dy;
    float *dx, *dinit[2]; /* dinit: [batch][hidden] */
    /* [batch][steps][in] and [out]: what each matrix was multiplied with, and the gradient of its
     * products */
    float *rows[DP_CELL_MATRICES], *drows[DP_CELL_MATRICES];
} dp_sequence_run;

/* What a step is.  forward fills out; backward fills dx, dinit, rows and drows. */
typedef struct dp_cell {
    const char *name;
    int64_t gates; /* numbers of a unit that its matrices make */
    size_t n_matrices, n_states, n_outputs;
    void (*forward)(const dp_sequence *, const dp_sequence_run *);
    void (*backward)(const dp_sequence *, const dp_sequence_run *);
    size_t (*memory)(const dp_sequence *, const dp_kernels *); /* bytes, SIZE_MAX: too many */
} dp_cell;

extern const dp_cell dp_cell_lstm, dp_cell_gru;

/* Matrix number i of a cell. */
typedef struct dp_matrix {
    int64_t in, out;
} dp_matrix;
dp_matrix dp_cell_matrix(const dp_cell *, const dp_sequence *, size_t i);

/* n samples [n][steps][in] times part of a matrix, all its rows or all its columns: y(i, t, j) =
 * CHAIN over k of x(i, t, k) w(k, j), plus bias j (NULL: nothing).  Strides in floats. */
typedef struct dp_product {
    int64_t n, steps, depth, n_out;
    int64_t w_depth, w_out; /* strides of w */
    int64_t x_sample, x_step, y_sample, y_step;
} dp_product;
size_t dp_product_panels(const dp_product *, const dp_kernels *); /* floats */
void dp_product_pack(const dp_product *, const dp_math_run *, const float *w, float *panels);
void dp_product_run(const dp_product *, const dp_math_run *, const float *x, const float *panels,
                    const float *bias, float *y);

/* The gates' gradients, drows of a cell's last matrix, back to x of all steps and to h of one. */
dp_product dp_product_to_x(const dp_sequence *, int64_t gates);
dp_product dp_product_to_h(const dp_sequence *, int64_t gates);

/* Floats of workspace for a forward, a backward, the gradients of weights, one after another. */
size_t dp_cell_workspace(const dp_cell *, const dp_sequence *, const dp_kernels *);

/* After backward, of each matrix: dw[in][out] of rows and drows, for each part of the share by
 * itself, `part_stride` floats from one to the next: a CHAIN over (n in leaf, t ascending), TREE
 * over leaves; db, of the whole batch (bias.h). */
void dp_cell_weight_gradients(const dp_cell *, const dp_sequence *, const dp_sequence_run *,
                              dp_share *, float *const dw[], int64_t part_stride,
                              float *const db[]);

/* Output number `number` of step t, [batch][hidden]. */
static inline float *dp_cell_output(const dp_sequence *s, const dp_sequence_run *r, int64_t t,
                                    int number)
{
    return r->out[number] + t * s->batch * s->hidden;
}

#endif
