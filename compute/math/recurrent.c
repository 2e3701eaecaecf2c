/* recurrent.c - products with the matrices of lstm and gru
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/recurrent.h"

#include "compute/math/conv.h"
#include "compute/math/tiles.h"

dp_matrix dp_cell_matrix(const dp_cell *cell, const dp_sequence *s, size_t i)
{
    const int64_t both = s->inputs + s->hidden, one = i == 0 ? s->inputs : s->hidden;
    return (dp_matrix){cell->n_matrices == 1 ? both : one, cell->gates * s->hidden};
}

size_t dp_product_panels(const dp_product *p, const dp_kernels *k)
{
    return (size_t)(dp_ceil_div(p->n_out, k->nr) * k->nr * p->depth);
}

void dp_product_pack(const dp_product *p, const dp_math_run *r, const float *w, float *panels)
{
    dp_panels pack = {.w = w,
                      .dst = panels,
                      .n_out = p->n_out,
                      .nr = r->kernels->nr,
                      .kd = 1,
                      .kh = 1,
                      .kw = 1,
                      .depth = p->depth,
                      .out_stride = p->w_out,
                      .depth_stride = p->w_depth};
    dp_pack(r->workers, &pack);
}

void dp_product_run(const dp_product *p, const dp_math_run *r, const float *x, const float *panels,
                    const float *bias, float *y)
{
    dp_sweep s = {.kernels = r->kernels,
                  .src = x,
                  .panels = panels,
                  .bias = bias,
                  .dst = y,
                  .images = p->n,
                  .rows = p->steps,
                  .cols = 1,
                  .n_out = p->n_out,
                  .src_image = p->x_sample,
                  .src_row = p->x_step,
                  .dst_image = p->y_sample,
                  .dst_row = p->y_step,
                  .dst_out = 1,
                  .runs = {1, 1, 1, p->depth, 0, 0, 0}};
    dp_run_sweep(r->workers, &s);
}

/* All steps of a sample are the places of a 1x1 convolution, whose inputs are the gates: its
 * weights are the matrix as it lies. */
static dp_conv as_conv(const dp_matrix *m, int64_t steps)
{
    return (dp_conv){.ic = m->out,
                     .height = 1,
                     .width = steps,
                     .oc = m->in,
                     .kh = 1,
                     .kw = 1,
                     .oh = 1,
                     .ow = steps,
                     .stride_h = 1,
                     .stride_w = 1,
                     .dilation_h = 1,
                     .dilation_w = 1,
                     .groups = 1};
}

size_t dp_matrix_workspace(const dp_matrix *m, const dp_kernels *k, int64_t n, int64_t steps)
{
    const dp_conv c = as_conv(m, steps);
    return dp_conv_workspace(&c, k, n);
}

void dp_matrix_gradient(const dp_matrix *m, const dp_math_run *r, int64_t steps, const float *rows,
                        const float *drows, float *dw)
{
    const dp_conv c = as_conv(m, steps);
    dp_conv_weight_gradient(&c, r, drows, rows, dw);
}
