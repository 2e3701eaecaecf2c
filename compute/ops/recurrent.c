/* recurrent.c - what lstm and gru share: steps over time, gates, products with their weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/recurrent.h"

#include "base/num.h"

/* All steps of a sample are the places of a 1x1 convolution. */
static dp_conv as_conv(const dp_recurrent *r)
{
    return (dp_conv){.ic = r->in,
                     .height = 1,
                     .width = r->steps,
                     .oc = r->out,
                     .kh = 1,
                     .kw = 1,
                     .oh = 1,
                     .ow = r->steps,
                     .stride_h = 1,
                     .stride_w = 1,
                     .dilation_h = 1,
                     .dilation_w = 1,
                     .groups = 1};
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

size_t dp_recurrent_workspace(const dp_recurrent *r, const dp_kernels *k)
{
    const dp_dense d = {r->in, r->out};
    const dp_conv c = as_conv(r);

    return larger(larger(dp_dense_workspace(&d, k, r->batch), dp_conv_workspace(&c, k, r->batch)),
                  dp_bias_workspace(r->batch, r->out));
}

void dp_recurrent_forward(const dp_recurrent *r, const dp_op_run_args *a, const float *x,
                          const float *transposed, float *y, float *scratch)
{
    const dp_dense d = {r->in, r->out};
    dp_dense_forward(&d, a->kernels, a->workers, r->batch, x, transposed, y, scratch);
}

void dp_recurrent_input_gradient(const dp_recurrent *r, const dp_op_run_args *a, const float *dy,
                                 const float *transposed, float *dx, float *scratch)
{
    const dp_dense d = {r->in, r->out};
    dp_dense_input_gradient(&d, a->kernels, a->workers, r->batch, dy, transposed, dx, scratch);
}

void dp_recurrent_weight_gradient(const dp_recurrent *r, const dp_op_run_args *a, const float *x,
                                  const float *dy, float *dw, float *db, float *dw_transposed,
                                  float *scratch)
{
    const dp_conv c = as_conv(r);
    dp_share alone = dp_share_alone(r->batch, r->leaf);

    dp_conv_weight_gradient(&c, a->kernels, a->workers, r->batch, r->leaf, x, dy, dw_transposed,
                            scratch);
    dp_transpose(dw_transposed, r->out, r->in, dw);
    dp_bias_gradient(a->kernels, a->workers, &alone, r->steps, r->out, dy, db, scratch);
}

float dp_sigmoid32_gradient(float y, float dy) { return dy * (y * (1.0f - y)); }
float dp_tanh32_gradient(float y, float dy) { return dy * dp_fma32(-y, y, 1.0f); }
