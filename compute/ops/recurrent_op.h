/* recurrent_op.h - what the operators lstm and gru share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_RECURRENT_OP_H
#define COMPUTE_OPS_RECURRENT_OP_H

#include "compute/math/recurrent.h"
#include "compute/ops/operator.h"

#define DP_ACTIVATION_PARAM(owner)                                                                 \
    DP_LATER_CHOICE(owner, activation, "binary64", DP_ACTIVATIONS,                                 \
                    "forward: sigmoid and tanh in binary64, rounded once; in binary32, faster")

/* The extents, from inputs x[steps, batch, inputs] and w[.., gates]. */
dp_status dp_recurrent_fit(const dp_cell *, const dp_op_plan *, size_t x, size_t w, int64_t leaf,
                           dp_sequence *, dp_error *);

/* A run with x, and with the workspace as the cell's memory. */
dp_sequence_run dp_recurrent_run(const dp_op_run_args *, size_t x);

/* Bytes of workspace of a backward run; that run, with the gradients of matrices and biases. */
size_t dp_recurrent_memory(const dp_cell *, const dp_kernels *, const dp_sequence *);
void dp_recurrent_backward(const dp_cell *, const dp_sequence *, dp_sequence_run *, int64_t leaf,
                           float *const dw[], float *const db[]);

#endif
