/* dense.c - a matrix times the features of n samples
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/dense.h"

#include "compute/math/outer.h"
#include "compute/math/tiles.h"

/* One panel is a group of samples in two of the products, of inputs in the third. */
size_t dp_dense_workspace(const dp_dense *d, const dp_kernels *k, int64_t n)
{
    const double in = (double)d->in, out = (double)d->out, most = in > out ? in : out;
    const double samples = (double)(n + k->nr) * most, inputs = (double)n * (in + (double)k->nr);
    const double floats = samples > inputs ? samples : inputs;
    return floats < 0x1p60 ? (size_t)floats : SIZE_MAX;
}

/* Places are rows of the matrix, the samples are the columns. */
void dp_dense_forward(const dp_dense *d, const dp_math_run *r, const float *x, const float *w,
                      float *y)
{
    dp_panels p = {.w = x,
                   .dst = r->workspace,
                   .n_out = r->n,
                   .nr = r->kernels->nr,
                   .kd = 1,
                   .kh = 1,
                   .kw = 1,
                   .depth = d->in,
                   .out_stride = d->in,
                   .depth_stride = 1};
    dp_sweep s = {.kernels = r->kernels,
                  .src = w,
                  .panels = r->workspace,
                  .dst = y,
                  .images = 1,
                  .rows = 1,
                  .cols = d->out,
                  .n_out = r->n,
                  .src_col = d->in,
                  .dst_col = 1,
                  .dst_out = d->out,
                  .runs = {1, 1, 1, d->in, 0, 0, 0}};

    dp_pack(r->workers, &p);
    dp_run_sweep(r->workers, &s);
}

/* Places are rows of the matrix again, the chain runs over them; the samples are the columns. */
void dp_dense_input_gradient(const dp_dense *d, const dp_math_run *r, const float *dy,
                             const float *w, float *dx)
{
    dp_panels p = {.w = dy,
                   .dst = r->workspace,
                   .n_out = r->n,
                   .nr = r->kernels->nr,
                   .kd = 1,
                   .kh = 1,
                   .kw = 1,
                   .depth = d->out,
                   .out_stride = d->out,
                   .depth_stride = 1};
    dp_outer o = {.kernels = r->kernels,
                  .left = {w, 1, 1, d->out * d->in},
                  .right = {r->workspace, r->kernels->nr, d->out * r->kernels->nr},
                  .out = dx,
                  .planes = 1,
                  .depth = 1,
                  .rows = 1,
                  .cols = d->out,
                  .col_step = d->in,
                  .kd = 1,
                  .kh = 1,
                  .kw = 1,
                  .run = d->in,
                  .n_right = r->n,
                  .leaf = 1,
                  .tap = d->in,
                  .left_stride = 1,
                  .right_stride = d->in};

    dp_pack(r->workers, &p);
    dp_run_outer(r->workers, &o);
}

/* Left are the outputs, right the inputs, so that rows of the matrix are written as they lie. */
void dp_dense_weight_gradient(const dp_dense *d, const dp_math_run *r, const float *x,
                              const float *dy, float *dw)
{
    dp_slices slices = {r->kernels, x, r->workspace, r->n, 1, d->in, d->in};
    dp_outer o = {.kernels = r->kernels,
                  .left = {dy, 1, 1, d->out},
                  .right = dp_slice(r->workers, &slices),
                  .out = dw,
                  .planes = r->n,
                  .depth = 1,
                  .rows = 1,
                  .cols = 1,
                  .col_step = 1,
                  .kd = 1,
                  .kh = 1,
                  .kw = 1,
                  .run = d->out,
                  .n_right = d->in,
                  .leaf = r->leaf,
                  .tap = d->out,
                  .left_stride = d->in,
                  .right_stride = 1};

    dp_run_outer(r->workers, &o);
}
