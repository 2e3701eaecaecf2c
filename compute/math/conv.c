/* conv.c - convolution on NHWC activations and OIHW weights, without im2col
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Forward: the input gets its border of zeros, the weights are packed into panels of nr output
 * channels, and each tile of mr places x nr channels runs its whole chain in registers; the left
 * operands are read straight from the image, kh runs of kw * ic floats.  The input's gradient is
 * the same sweep over the bordered output gradient with the kernel turned round, once for each
 * phase of the stride.  The weights' gradient is an outer product: mr taps x nr channels, the
 * output gradient cut into slices of nr channels.
 */
#include "compute/math/conv.h"

#include <string.h>

#include "compute/math/filtering.h"
#include "compute/math/outer.h"
#include "compute/math/phase.h"
#include "compute/math/tiles.h"

#define BATCH_FLOATS 0x1p20

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

    for (int64_t y = 0; y < b->out_height; y++, dst += out_row) {
        const bool inside = y >= b->top && y < b->top + b->height;
        const int64_t before = inside ? b->left * b->channels : out_row;
        memset(dst, 0, sizeof *dst * (size_t)before);
        if (!inside)
            continue;
        memcpy(dst + before, src + (y - b->top) * row, sizeof *dst * (size_t)row);
        memset(dst + before + row, 0, sizeof *dst * (size_t)(out_row - before - row));
    }
}

/* ---- workspace: [bordered plane][panels] ---- */

static size_t round_up(int64_t floats) { return ((size_t)floats + 15) / 16 * 16; }

/* The output gradient's border: what the taps of one phase reach past it. */
static border gradient_border(const dp_conv *c)
{
    const int64_t front_h = dp_gradient_front(c->kh, c->dilation_h, c->stride_h),
                  front_w = dp_gradient_front(c->kw, c->dilation_w, c->stride_w);
    return (border){
        .height = c->oh,
        .width = c->ow,
        .channels = c->oc,
        .top = front_h,
        .left = front_w,
        .out_height = front_h + dp_gradient_reach(c->oh, c->height, c->top, c->stride_h),
        .out_width = front_w + dp_gradient_reach(c->ow, c->width, c->left, c->stride_w),
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

/* The floats of a plane, in double as all sizes of the workspace, so that none can overflow. */
static double plane_floats(const border *b)
{
    return (double)b->out_height * (double)b->out_width * (double)b->channels;
}

static bool has_border(const border *b)
{
    return b->out_height != b->height || b->out_width != b->width;
}

/* Images that get their border together: so few that they are still in the cache when the sweep
 * reads them; all, when there are several sweeps with panels of their own. */
static int64_t batch_of(const border *b, int64_t n, int64_t sweeps)
{
    return has_border(b) && sweeps == 1 ? dp_least(n, 1 + (int64_t)(BATCH_FLOATS / plane_floats(b)))
                                        : n;
}

/* Floats of a part of the workspace. */
static double part(double floats) { return floats + 16; }

/* The memory of the bordered plane and of panels for n_out outputs. */
static double sweep_part(const border *b, int64_t n, int64_t sweeps, double panels)
{
    return part((double)batch_of(b, n, sweeps) * plane_floats(b)) + part(panels);
}

/* One group's channels of dy. */
static dp_slices slices_of(const dp_conv *c, const dp_kernels *k, const float *dy, int64_t n,
                           float *dst)
{
    return (dp_slices){k, dy, dst, n, c->oh * c->ow, c->oc, c->oc / c->groups};
}

static double direct_workspace(const dp_conv *c, const dp_kernels *k, int64_t n)
{
    const border in = input_border(c), out = gradient_border(c);
    const double taps = (double)c->kh * (double)c->kw;
    const double ic = (double)(c->ic + k->nr), oc = (double)(c->oc + k->nr);
    const double forward = sweep_part(&in, n, c->groups, oc * taps * (double)c->ic);
    const double input =
        sweep_part(&out, n, c->groups * c->stride_h * c->stride_w, ic * taps * (double)c->oc);
    const dp_slices slices = slices_of(c, k, NULL, n, NULL);
    const double weight =
        dp_is_cut(&slices) ? part(oc * (double)n * (double)c->oh * (double)c->ow) : 0;
    return forward > input ? (forward > weight ? forward : weight)
                           : (input > weight ? input : weight);
}

dp_conv dp_conv_1x1(int64_t ic, int64_t oc, int64_t places)
{
    return (dp_conv){.ic = ic,
                     .height = 1,
                     .width = places,
                     .oc = oc,
                     .kh = 1,
                     .kw = 1,
                     .oh = 1,
                     .ow = places,
                     .stride_h = 1,
                     .stride_w = 1,
                     .dilation_h = 1,
                     .dilation_w = 1,
                     .groups = 1};
}

size_t dp_conv_workspace(const dp_conv *c, const dp_kernels *k, int64_t n, uint32_t threads)
{
    const double most =
        c->tile > 0 ? dp_filtering_workspace(c, k, n, threads) : direct_workspace(c, k, n);
    return most < 0x1p60 ? (size_t)most : SIZE_MAX;
}

/* Images that are swept together: their plane with its border, and the panels of the weights, which
 * the first images' sweeps pack for all. */
typedef struct batch {
    const dp_math_run *run;
    const dp_post_op *post_op;
    border border;
    int64_t first, n;
    const float *plane;
    float *panels;
} batch;

/* The images of src from number `first` on, `most` of them at most. */
static batch batch_at(const dp_math_run *r, const border *b, const float *src, int64_t first,
                      int64_t most)
{
    batch t = {.run = r,
               .border = *b,
               .first = first,
               .n = dp_least(most, r->n - first),
               .plane = src + first * b->height * b->width * b->channels,
               .panels = r->workspace + round_up(most * plane_size(b))};

    if (has_border(b)) {
        t.border.src = t.plane;
        t.border.dst = r->workspace;
        t.plane = r->workspace;
        dp_workers_run(r->workers, (uint64_t)t.n, border_image, &t.border);
    }
    return t;
}

static void sweep(const batch *t, dp_panels *p, dp_sweep *s)
{
    if (t->first == 0)
        dp_pack(t->run->workers, p);
    dp_run_sweep(t->run->workers, s);
}

/* One group's channels; w, bias and y are the group's. */
static void forward_group(const dp_conv *c, const batch *t, int64_t group, const float *w,
                          const float *bias, float *y)
{
    const border *b = &t->border;
    const int64_t row = b->out_width * c->ic, taps = c->kh * c->kw;
    const int64_t ic = c->ic / c->groups, oc = c->oc / c->groups;
    dp_panels p = {.w = w,
                   .dst = t->panels,
                   .n_out = oc,
                   .nr = t->run->kernels->nr,
                   .kd = 1,
                   .kh = c->kh,
                   .kw = c->kw,
                   .depth = ic,
                   .out_stride = ic * taps,
                   .depth_stride = taps,
                   .kh_stride = c->kw,
                   .kw_stride = 1};
    dp_sweep s = {
        .kernels = t->run->kernels,
        .src = t->plane + group * ic,
        .panels = t->panels,
        .bias = bias,
        .dst = y,
        .post_op = t->post_op,
        .images = t->n,
        .rows = c->oh,
        .cols = c->ow,
        .n_out = oc,
        .src_image = b->out_height * row,
        .src_row = c->stride_h * row,
        .src_col = c->stride_w * c->ic,
        .dst_image = c->oh * c->ow * c->oc,
        .dst_row = c->ow * c->oc,
        .dst_col = c->oc,
        .dst_out = 1,
        .runs = dp_runs_of(1, 0, c->kh, c->dilation_h * row, c->kw, c->dilation_w * c->ic, ic)};

    sweep(t, &p, &s);
}

void dp_conv_forward(const dp_conv *c, const dp_math_run *r, const float *x, const float *w,
                     const float *bias, float *y, const dp_post_op *post_op)
{
    const border b = input_border(c);
    const int64_t ic = c->ic / c->groups, oc = c->oc / c->groups;
    const int64_t most = batch_of(&b, r->n, c->groups);

    if (c->tile > 0) {
        dp_filtering_forward(c, r, x, w, bias, y, post_op);
        return;
    }
    for (int64_t first = 0; first < r->n; first += most) {
        batch t = batch_at(r, &b, x, first, most);
        t.post_op = post_op;
        for (int64_t group = 0; group < c->groups; group++)
            forward_group(c, &t, group, w + group * oc * ic * c->kh * c->kw,
                          bias != NULL ? bias + group * oc : NULL,
                          y + first * c->oh * c->ow * c->oc + group * oc);
    }
}

/* The gradient of one phase's places and one group's channels, in the batch's dx; without taps it
 * is +0. */
static void input_gradient_of(const dp_conv *c, const batch *t, const dp_phase *h,
                              const dp_phase *v, int64_t group, const float *w, float *dx)
{
    const border *b = &t->border;
    const int64_t row = b->out_width * c->oc, taps = c->kh * c->kw;
    const int64_t ic = c->ic / c->groups, oc = c->oc / c->groups;
    const int64_t exist = h->taps > 0 && v->taps > 0;
    const int64_t last_h = h->tap + (h->taps - 1) * h->tap_step,
                  last_v = v->tap + (v->taps - 1) * v->tap_step;
    dp_panels p = {.w = w + group * oc * ic * taps + exist * (last_h * c->kw + last_v),
                   .dst = t->panels,
                   .n_out = ic,
                   .nr = t->run->kernels->nr,
                   .kd = 1,
                   .kh = exist * h->taps,
                   .kw = v->taps,
                   .depth = oc,
                   .out_stride = taps,
                   .depth_stride = ic * taps,
                   .kh_stride = -h->tap_step * c->kw,
                   .kw_stride = -v->tap_step};
    dp_sweep s = {
        .kernels = t->run->kernels,
        .src = t->plane + group * oc + exist * (h->head * row + v->head * c->oc),
        .panels = t->panels,
        .dst = dx + group * ic + (h->first * c->width + v->first) * c->ic,
        .post_op = t->post_op,
        .images = t->n,
        .rows = h->places,
        .cols = v->places,
        .n_out = ic,
        .src_image = exist * b->out_height * row,
        .src_row = exist * row,
        .src_col = exist * c->oc,
        .dst_image = c->height * c->width * c->ic,
        .dst_row = c->stride_h * c->width * c->ic,
        .dst_col = c->stride_w * c->ic,
        .dst_out = 1,
        .runs = dp_runs_of(1, 0, exist * h->taps, h->step * row, v->taps, v->step * c->oc, oc)};

    if (s.rows > 0 && s.cols > 0)
        sweep(t, &p, &s);
}

/* All phases and groups. */
static void input_gradient_batch(const dp_conv *c, const batch *t, const float *w, float *dx)
{
    for (int64_t i = 0; i < c->stride_h * c->stride_w; i++) {
        const dp_phase h = dp_phase_of(i / c->stride_w, c->stride_h, c->dilation_h, c->top,
                                       c->height, c->kh, t->border.top);
        const dp_phase v = dp_phase_of(i % c->stride_w, c->stride_w, c->dilation_w, c->left,
                                       c->width, c->kw, t->border.left);
        for (int64_t group = 0; group < c->groups; group++)
            input_gradient_of(c, t, &h, &v, group, w, dx);
    }
}

void dp_conv_input_gradient(const dp_conv *c, const dp_math_run *r, const float *dy, const float *w,
                            float *dx, const dp_post_op *post_op)
{
    const border b = gradient_border(c);
    const int64_t most = batch_of(&b, r->n, c->groups * c->stride_h * c->stride_w);

    if (c->tile > 0) {
        dp_filtering_input_gradient(c, r, dy, w, dx, post_op);
        return;
    }
    for (int64_t first = 0; first < r->n; first += most) {
        batch t = batch_at(r, &b, dy, first, most);
        t.post_op = post_op;
        input_gradient_batch(c, &t, w, dx + first * c->height * c->width * c->ic);
    }
}

void dp_conv_weight_gradient(const dp_conv *c, const dp_math_run *r, const float *x,
                             const float *dy, float *dw)
{
    const int64_t taps = c->kh * c->kw, ic = c->ic / c->groups, oc = c->oc / c->groups;
    const bool one_run = c->dilation_w == 1 && c->groups == 1;

    if (c->tile > 0) {
        dp_filtering_weight_gradient(c, r, x, dy, dw);
        return;
    }
    for (int64_t group = 0; group < c->groups; group++) {
        dp_slices slices = slices_of(c, r->kernels, dy + group * oc, r->n, r->workspace);
        dp_outer o = {.kernels = r->kernels,
                      .left = {x, 1, c->height, c->width * c->ic},
                      .right = dp_slice(r->workers, &slices),
                      .out = dw + group * oc * ic * taps,
                      .planes = r->n,
                      .depth = 1,
                      .rows = c->oh,
                      .cols = c->ow,
                      .top = -c->top,
                      .first = group * ic - c->left * c->ic,
                      .row_step = c->stride_h,
                      .col_step = c->stride_w * c->ic,
                      .kd = 1,
                      .kh = c->kh,
                      .kw = one_run ? 1 : c->kw,
                      .run = one_run ? c->kw * ic : ic,
                      .kh_step = c->dilation_h,
                      .kw_step = c->dilation_w * c->ic,
                      .n_right = oc,
                      .leaf = r->leaf,
                      .tap = ic,
                      .tap_stride = 1,
                      .left_stride = taps,
                      .right_stride = ic * taps};

        dp_run_outer(r->workers, &o);
    }
}
