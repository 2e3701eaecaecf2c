/* recurrent.c - products with the matrices of lstm and gru
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/recurrent.h"

#include "compute/math/bias.h"
#include "compute/math/conv.h"
#include "compute/math/extent.h"
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
    return dp_conv_1x1(m->out, m->in, steps);
}

dp_product dp_product_to_x(const dp_sequence *s, int64_t gates)
{
    const int64_t out = gates * s->hidden, x = s->inputs;
    return (dp_product){s->batch, s->steps, out, x, 1, out, s->steps * out, out, x, s->batch * x};
}

dp_product dp_product_to_h(const dp_sequence *s, int64_t gates)
{
    const int64_t out = gates * s->hidden, h = s->hidden;
    return (dp_product){s->batch, 1, out, h, 1, out, s->steps * out, 0, h, 0};
}

size_t dp_cell_workspace(const dp_cell *cell, const dp_sequence *s, const dp_kernels *k)
{
    const size_t bytes = cell->memory(s, k);
    size_t floats = bytes < SIZE_MAX ? (bytes + sizeof(float) - 1) / sizeof(float) : SIZE_MAX;

    for (size_t i = 0; i < cell->n_matrices; i++) {
        const dp_matrix m = dp_cell_matrix(cell, s, i);
        const dp_conv c = as_conv(&m, s->steps);
        floats = dp_max_size(floats, dp_conv_workspace(&c, k, s->batch, 1));
        floats = dp_max_size(floats, dp_bias_workspace(s->batch, m.out));
    }
    return floats;
}

void dp_cell_weight_gradients(const dp_cell *cell, const dp_sequence *s, const dp_sequence_run *r,
                              dp_share *share, float *const dw[], int64_t part_stride,
                              float *const db[])
{
    for (size_t i = 0; i < cell->n_matrices; i++) {
        const dp_matrix m = dp_cell_matrix(cell, s, i);
        const dp_conv c = as_conv(&m, s->steps);
        for (int64_t j = 0; j < share->n_parts; j++) {
            const dp_math_part part = dp_math_part_of(&r->math, share, j);
            const int64_t row = part.first * s->steps;
            dp_conv_weight_gradient(&c, &part.run, r->drows[i] + row * m.out,
                                    r->rows[i] + row * m.in, dw[i] + j * part_stride);
        }
        dp_bias_gradient(&r->math, share, s->steps, m.out, r->drows[i], db[i]);
    }
}
