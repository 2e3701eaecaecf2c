/* recurrent.h - what lstm and gru share: steps over time, gates, products with their weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_RECURRENT_H
#define COMPUTE_OPS_RECURRENT_H

#include "compute/conv.h"
#include "compute/dense.h"
#include "compute/ops/operator.h"

/* A matrix of a recurrent layer, [in][out] as it is given, used at `steps` steps of `batch`
 * samples. */
typedef struct dp_recurrent {
    int64_t steps, batch, in, out, leaf;
} dp_recurrent;

/* Floats of scratch for any of the products. */
size_t dp_recurrent_workspace(const dp_recurrent *, const dp_kernels *);

/* Of one step, with the weights transposed: y[batch][out], a CHAIN over in; dx[batch][in], a CHAIN
 * over out. */
void dp_recurrent_forward(const dp_recurrent *, const dp_op_run_args *, const float *x,
                          const float *transposed, float *y, float *scratch);
void dp_recurrent_input_gradient(const dp_recurrent *, const dp_op_run_args *, const float *dy,
                                 const float *transposed, float *dx, float *scratch);

/* Of all steps: x[batch][steps][in], dy[batch][steps][out]; dw[in][out], a CHAIN over (n in leaf, t
 * ascending), TREE over leaves; db[out], SEQ64 and TREE.  dw_transposed: as many floats again. */
void dp_recurrent_weight_gradient(const dp_recurrent *, const dp_op_run_args *, const float *x,
                                  const float *dy, float *dw, float *db, float *dw_transposed,
                                  float *scratch);

/* The gradients of the gates' functions from what came of them. */
float dp_sigmoid32_gradient(float y, float dy); /* dy (y (1 - y)) */
float dp_tanh32_gradient(float y, float dy);    /* dy fma(-y, y, 1) */

#endif
