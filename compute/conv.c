/* conv.c - convolution on NHWC activations and OIHW weights, without im2col
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Forward: the input gets its border of zeros, the weights are packed into panels of nr output
 * channels, and each tile of mr places x nr channels runs its whole chain in registers; the left
 * operands are read straight from the image, kh runs of kw * ic floats.  The input's gradient is
 * the same sweep over the bordered output gradient with the kernel turned round, once for each
 * phase of the stride.  The weights' gradient is an outer product: mr taps x nr channels, the
 * output gradient packed into panels.
 */
#include "compute/conv.h"

#include <string.h>

#include "compute/tiles.h"

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- a plane with a border of zeros ---- */

typedef struct border {
    const float *src;
    float *dst;
    int64_t height, width, channels, top, left, out_height, out_width;
} border;

static void border_image(void *ctx, uint64_t image)
{
    const border *b = ctx;
    const int64_t row = b->width * b->channels, out_row = b->out_width * b->channels;
    const float *src = b->src + (int64_t)image * b->height * row;
    float *dst = b->dst + (int64_t)image * b->out_height * out_row;

    memset(dst, 0, sizeof *dst * (size_t)(b->out_height * out_row));
    for (int64_t y = 0; y < b->height && y + b->top < b->out_height; y++)
        memcpy(dst + (y + b->top) * out_row + b->left * b->channels, src + y * row,
               sizeof *dst * (size_t)row);
}

/* ---- workspace: [bordered plane][panels] ---- */

static size_t round_up(int64_t floats) { return ((size_t)floats + 15) / 16 * 16; }

/* The output gradient's border: what the taps of one phase reach past it. */
static border gradient_border(const dp_conv *c)
{
    const int64_t front_h = dp_ceil_div(c->kh, c->stride_h) - 1,
                  front_w = dp_ceil_div(c->kw, c->stride_w) - 1;
    return (border){
        .height = c->oh,
        .width = c->ow,
        .channels = c->oc,
        .top = front_h,
        .left = front_w,
        .out_height = front_h + max64(c->oh, (c->height - 1 + c->top) / c->stride_h + 1),
        .out_width = front_w + max64(c->ow, (c->width - 1 + c->left) / c->stride_w + 1),
    };
}

static border input_border(const dp_conv *c)
{
    return (border){
        .height = c->height,
        .width = c->width,
        .channels = c->ic,
        .top = c->top,
        .left = c->left,
        .out_height = c->height + c->top + c->bottom,
        .out_width = c->width + c->left + c->right,
    };
}

static int64_t plane_size(const border *b) { return b->out_height * b->out_width * b->channels; }

/* Floats of a part of the workspace; in double, so that hostile sizes cannot overflow. */
static double part(double floats) { return floats + 16; }

size_t dp_conv_workspace(const dp_conv *c, const dp_kernels *k, int64_t n)
{
    const border in = input_border(c), out = gradient_border(c);
    const double samples = (double)n, taps = (double)c->kh * (double)c->kw;
    const double ic = (double)(c->ic + k->nr), oc = (double)(c->oc + k->nr);
    const double places = (double)c->oh * (double)c->ow;
    const double plane_in =
        part(samples * (double)in.out_height * (double)in.out_width * (double)c->ic);
    const double plane_out =
        part(samples * (double)out.out_height * (double)out.out_width * (double)c->oc);
    const double forward = plane_in + part(oc * taps * (double)c->ic);
    const double input = plane_out + part(ic * taps * (double)c->oc);
    const double weight = plane_in + part(oc * samples * places);
    const double most =
        forward > input ? (forward > weight ? forward : weight) : (input > weight ? input : weight);
    return most < 0x1p60 ? (size_t)most : SIZE_MAX;
}

/* The plane with its border in *workspace, which moves on; the plane itself when there is no
 * border. */
static const float *bordered(border b, dp_workers *workers, int64_t n, const float *src,
                             float **workspace)
{
    if (b.out_height == b.height && b.out_width == b.width)
        return src;
    b.src = src;
    b.dst = *workspace;
    *workspace += round_up(n * plane_size(&b));
    dp_workers_run(workers, (uint64_t)n, border_image, &b);
    return b.dst;
}

void dp_conv_forward(const dp_conv *c, const dp_kernels *k, dp_workers *workers, int64_t n,
                     const float *x, const float *w, float *y, float *workspace)
{
    const border b = input_border(c);
    const int64_t row = b.out_width * c->ic;
    const float *plane = bordered(b, workers, n, x, &workspace);
    dp_panels p = {.w = w,
                   .dst = workspace,
                   .n_out = c->oc,
                   .nr = k->nr,
                   .kh = c->kh,
                   .kw = c->kw,
                   .depth = c->ic,
                   .out_stride = c->ic * c->kh * c->kw,
                   .depth_stride = c->kh * c->kw,
                   .kh_stride = c->kw,
                   .kw_stride = 1};
    dp_sweep s = {.kernels = k,
                  .src = plane,
                  .panels = workspace,
                  .dst = y,
                  .images = n,
                  .rows = c->oh,
                  .cols = c->ow,
                  .n_out = c->oc,
                  .src_image = b.out_height * row,
                  .src_row = c->stride_h * row,
                  .src_col = c->stride_w * c->ic,
                  .dst_image = c->oh * c->ow * c->oc,
                  .dst_row = c->ow * c->oc,
                  .dst_col = c->oc,
                  .dst_out = 1,
                  .runs = c->kh,
                  .run = c->kw * c->ic,
                  .run_stride = row};

    dp_pack(workers, &p);
    dp_run_sweep(workers, &s);
}

/* One axis of the phase: places whose tap number is phase, phase + stride, ...  Place number i of
 * it is first + i * stride; its taps are those of output places head + i .. head + i + taps - 1 of
 * the bordered gradient. */
typedef struct phase {
    int64_t first, places, taps, head;
} phase;

static phase phase_of(int64_t number, int64_t stride, int64_t pad, int64_t size, int64_t kernel,
                      int64_t front)
{
    phase p;
    p.first = ((number - pad) % stride + stride) % stride;
    p.places = size > p.first ? dp_ceil_div(size - p.first, stride) : 0;
    p.taps = kernel > number ? dp_ceil_div(kernel - number, stride) : 0;
    p.head = (p.first + pad - number) / stride - (p.taps - 1) + front;
    return p;
}

void dp_conv_input_gradient(const dp_conv *c, const dp_kernels *k, dp_workers *workers, int64_t n,
                            const float *dy, const float *w, float *dx, float *workspace)
{
    const border b = gradient_border(c);
    const int64_t row = b.out_width * c->oc, taps = c->kh * c->kw;
    const float *plane = bordered(b, workers, n, dy, &workspace);

    for (int64_t i = 0; i < c->stride_h * c->stride_w; i++) {
        const int64_t at_h = i / c->stride_w, at_w = i % c->stride_w;
        const phase h = phase_of(at_h, c->stride_h, c->top, c->height, c->kh, b.top);
        const phase v = phase_of(at_w, c->stride_w, c->left, c->width, c->kw, b.left);
        const int64_t last_h = at_h + (h.taps - 1) * c->stride_h,
                      last_w = at_w + (v.taps - 1) * c->stride_w;
        const int64_t exists = h.taps > 0 && v.taps > 0;
        dp_panels p = {.w = w + exists * (last_h * c->kw + last_w),
                       .dst = workspace,
                       .n_out = c->ic,
                       .nr = k->nr,
                       .kh = exists * h.taps,
                       .kw = v.taps,
                       .depth = c->oc,
                       .out_stride = taps,
                       .depth_stride = c->ic * taps,
                       .kh_stride = -c->stride_h * c->kw,
                       .kw_stride = -c->stride_w};
        dp_sweep s = {.kernels = k,
                      .src = exists ? plane + h.head * row + v.head * c->oc : plane,
                      .panels = workspace,
                      .dst = dx + (h.first * c->width + v.first) * c->ic,
                      .images = n,
                      .rows = h.places,
                      .cols = v.places,
                      .n_out = c->ic,
                      .src_image = exists * b.out_height * row,
                      .src_row = exists * row,
                      .src_col = exists * c->oc,
                      .dst_image = c->height * c->width * c->ic,
                      .dst_row = c->stride_h * c->width * c->ic,
                      .dst_col = c->stride_w * c->ic,
                      .dst_out = 1,
                      .runs = exists * h.taps,
                      .run = v.taps * c->oc,
                      .run_stride = row};
        if (s.rows == 0 || s.cols == 0)
            continue;
        dp_pack(workers, &p);
        dp_run_sweep(workers, &s);
    }
}

void dp_conv_weight_gradient(const dp_conv *c, const dp_kernels *k, dp_workers *workers, int64_t n,
                             int64_t leaf, const float *x, const float *dy, float *dw,
                             float *workspace)
{
    const border b = input_border(c);
    const int64_t row = b.out_width * c->ic, taps = c->kh * c->kw;
    const float *plane = bordered(b, workers, n, x, &workspace);
    dp_slices slices = {dy, workspace, n, c->oh * c->ow, c->oc, k->nr};
    dp_outer o = {
        .kernels = k,
        .left = plane,
        .right = workspace,
        .out = dw,
        .n_left = taps * c->ic,
        .run = c->kw * c->ic,
        .row = row,
        .places = {n, c->oh, c->ow, plane_size(&b), c->stride_h * row, c->stride_w * c->ic},
        .n_right = c->oc,
        .leaf = leaf,
        .group = c->ic,
        .group_stride = 1,
        .left_stride = taps,
        .right_stride = c->ic * taps};

    dp_slice(workers, &slices);
    dp_run_outer(workers, &o);
}
