/* conv3d.c - convolution over a volume
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y is a CHAIN over (kd, kh, kw, ic), zero padding takes part; dx a CHAIN over
 * (od, oh, ow, oc) of the taps that exist, the border takes part; dw a CHAIN over (n in leaf, od,
 * oh, ow), TREE over leaves.
 */
#include <string.h>

#include "compute/math/phase.h"
#include "compute/math/outer.h"
#include "compute/math/tiles.h"
#include "compute/math/turn.h"
#include "compute/ops/operator.h"
#include "compute/ops/volume.h"

typedef struct conv3d {
    dp_volume v; /* its parameters come first */
    int64_t leaf_size;
    int64_t n, ic, oc, taps;
    int64_t padded[3]; /* of the input, zeros included */
} conv3d;

static const dp_param params[] = {
    DP_INTS(dp_volume, stride, "1", 1, DP_VOLUME_MOST, "depth,height,width; one number for all"),
    DP_CHOICE(dp_volume, pad_mode, "valid", DP_VOLUME_PAD_MODES, "zeros around the volume"),
    DP_INTS(dp_volume, padding, "0", 0, DP_VOLUME_MOST,
            "of pad_mode=pad: all sides, or front,back,top,bottom,left,right"),
    DP_INTS(dp_volume, dilation, "1", 1, DP_VOLUME_MOST,
            "depth,height,width from one tap to the next; one number for all"),
    DP_INT(conv3d, leaf_size, "4", 1, 65536, "backward: samples of a leaf, a power of two"),
    DP_PARAMS_END,
};

static dp_status fit(conv3d *p, const dp_op_plan *plan, size_t x, dp_tensor *y, dp_error *err)
{
    const dp_tensor *in = &plan->in[x], *w = &plan->in[x + 1];
    dp_status status = dp_op_expect(plan, x, DP_F32, 5, err);

    if (status == DP_OK)
        status = dp_op_expect(plan, x + 1, DP_F32, 5, err);
    if (status == DP_OK &&
        (dp_tensor_count(in) == 0 || dp_tensor_count(w) == 0 || w->shape[1] != in->shape[1]))
        status = dp_fail(err, DP_EINVAL, "x is [n, c, d, h, w] and w [out, c, d, h, w]");
    if (status == DP_OK)
        status = dp_volume_plan(&p->v, in->shape + 2, w->shape + 2, err);
    if (status != DP_OK)
        return status;
    p->n = in->shape[0];
    p->ic = in->shape[1];
    p->oc = w->shape[0];
    p->taps = w->shape[2] * w->shape[3] * w->shape[4];
    *y = (dp_tensor){NULL, DP_F32, 5, {p->n, p->oc, p->v.out[0], p->v.out[1], p->v.out[2]}};
    for (int d = 0; d < 3; d++)
        p->padded[d] = p->v.in[d] + p->v.before[d] + p->v.after[d];
    if ((double)p->n * (double)p->ic * (double)p->padded[0] * (double)p->padded[1] *
            (double)p->padded[2] >
        (double)DP_OP_MOST)
        return dp_fail(err, DP_ELIMIT, "x with its padding has more than 2^40 elements");
    return dp_op_check_leaf(p->leaf_size, err);
}

/* A volume, [c][place] or by_place, with zeros around as [place][c]. */
typedef struct border {
    int64_t channels;
    bool by_place;
    const int64_t *size, *before, *out;
    const float *src;
    float *dst;
} border;

static void pad_plane(void *ctx, uint64_t index)
{
    const border *b = ctx;
    const int64_t d = (int64_t)index - b->before[0], row = b->out[2] * b->channels;
    float *to = b->dst + (int64_t)index * b->out[1] * row;

    memset(to, 0, dp_floats(b->out[1] * row));
    for (int64_t h = 0; h < b->size[1] && d >= 0 && d < b->size[0]; h++) {
        const int64_t place = (d * b->size[1] + h) * b->size[2];
        float *first = to + (h + b->before[1]) * row + b->before[2] * b->channels;
        if (b->by_place)
            memcpy(first, b->src + place * b->channels, dp_floats(b->size[2] * b->channels));
        else
            dp_transpose(b->channels, b->size[2], b->src + place, dp_volume_places(b->size), first,
                         b->channels);
    }
}

static void pad(dp_workers *workers, border *b)
{
    dp_workers_run(workers, (uint64_t)b->out[0], pad_plane, b);
}

static int64_t panel_floats(const dp_kernels *k, int64_t n_out, int64_t depth)
{
    return dp_ceil_div(n_out, k->nr) * k->nr * depth;
}

/* ---- forward: a sweep over the planes of each sample ---- */

typedef struct memory {
    float *x, *y, *panels; /* a sample by places; x with zeros around */
} memory;

static size_t lay_out(const conv3d *p, const dp_kernels *k, void *at, memory *m)
{
    const int64_t sizes[] = {dp_volume_places(p->padded) * p->ic,
                             dp_volume_places(p->v.out) * p->oc,
                             panel_floats(k, p->oc, p->taps * p->ic)};
    float **const places[] = {&m->x, &m->y, &m->panels};

    return dp_lay_out(sizes, 3, at, places);
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    memory m;
    const dp_status status = fit(params_, plan, 0, &plan->out[0], err);

    plan->n_out = 1;
    plan->workspace = status == DP_OK ? lay_out(params_, plan->kernels, NULL, &m) : 0;
    return status;
}

static void forward_sample(const conv3d *p, const dp_op_run_args *a, const float *x,
                           const float *panels, float *y)
{
    const dp_volume *v = &p->v;
    const int64_t row = p->padded[2] * p->ic, plane = p->padded[1] * row;
    dp_sweep s = {.kernels = a->kernels,
                  .src = x,
                  .panels = panels,
                  .dst = y,
                  .images = v->out[0],
                  .rows = v->out[1],
                  .cols = v->out[2],
                  .n_out = p->oc,
                  .src_image = v->step[0] * plane,
                  .src_row = v->step[1] * row,
                  .src_col = v->step[2] * p->ic,
                  .dst_image = v->out[1] * v->out[2] * p->oc,
                  .dst_row = v->out[2] * p->oc,
                  .dst_col = p->oc,
                  .dst_out = 1,
                  .runs = dp_runs_of(v->kernel[0], v->apart[0] * plane, v->kernel[1],
                                     v->apart[1] * row, v->kernel[2], v->apart[2] * p->ic, p->ic)};

    dp_run_sweep(a->workers, &s);
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const conv3d *p = params_;
    const int64_t in = dp_volume_places(p->v.in) * p->ic, out = dp_volume_places(p->v.out) * p->oc;
    memory m;

    (void)err;
    lay_out(p, a->kernels, a->workspace, &m);
    border b = {p->ic, false, p->v.in, p->v.before, p->padded, a->in[0].data, m.x};
    dp_panels panels = {.w = a->in[1].data,
                        .dst = m.panels,
                        .n_out = p->oc,
                        .nr = a->kernels->nr,
                        .kd = 1,
                        .kh = 1,
                        .kw = p->taps,
                        .depth = p->ic,
                        .out_stride = p->ic * p->taps,
                        .depth_stride = p->taps,
                        .kw_stride = 1};
    dp_pack(a->workers, &panels);
    for (int64_t n = 0; n < p->n; n++, b.src += in) {
        pad(a->workers, &b);
        forward_sample(p, a, m.x, m.panels, m.y);
        dp_channels_first(a->workers, 1, p->oc, dp_volume_places(p->v.out), m.y,
                          (float *)a->out[0].data + n * out);
    }
    return DP_OK;
}

/* ---- backward: dy, x, w ---- */

/* dy of a sample with what the taps reach around it, the panels of all phases, dx of a sample, dy
 * and x by places, and dy in slices. */
typedef struct gradients {
    int64_t front[3], reach[3]; /* of the border of dy, and with it */
    float *bordered, *panels, *dx, *dy, *x, *slices;
} gradients;

static size_t lay_out_backward(const conv3d *p, const dp_kernels *k, void *at, gradients *g)
{
    const dp_volume *v = &p->v;

    for (int d = 0; d < 3; d++) {
        g->front[d] = dp_gradient_front(v->kernel[d], v->apart[d], v->step[d]);
        g->reach[d] =
            g->front[d] + dp_gradient_reach(v->out[d], v->in[d], v->before[d], v->step[d]);
    }
    if ((double)p->oc * (double)g->reach[0] * (double)g->reach[1] * (double)g->reach[2] >
        (double)DP_OP_MOST)
        return SIZE_MAX;
    const int64_t sizes[] = {dp_volume_places(g->reach) * p->oc,
                             panel_floats(k, p->ic, p->taps * p->oc),
                             dp_volume_places(v->in) * p->ic,
                             p->n * dp_volume_places(v->out) * p->oc,
                             p->n * dp_volume_places(v->in) * p->ic,
                             panel_floats(k, p->oc, p->n * dp_volume_places(v->out))};
    float **const places[] = {&g->bordered, &g->panels, &g->dx, &g->dy, &g->x, &g->slices};
    return dp_lay_out(sizes, sizeof sizes / sizeof sizes[0], at, places);
}

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    conv3d *p = params_;
    dp_tensor y;
    gradients g;
    dp_status status = fit(p, plan, 1, &y, err);

    if (status == DP_OK)
        status = dp_op_plan_gradients(plan, &y, err);
    if (status == DP_OK)
        status = dp_op_check_leaves(p->n, p->leaf_size, err);
    plan->workspace = status == DP_OK ? lay_out_backward(p, plan->kernels, NULL, &g) : 0;
    return status;
}

/* One phase of the strides.  Without taps the gradient is +0. */
typedef struct phase {
    dp_phase f[3];
    int64_t exist; /* 1: there are taps */
} phase;

/* Along an axis: past the first places of the input there are none. */
static int64_t phases_of(const dp_volume *v, int d) { return dp_least(v->step[d], v->in[d]); }

static int64_t phases(const dp_volume *v)
{
    return phases_of(v, 0) * phases_of(v, 1) * phases_of(v, 2);
}

static phase phase_of(const conv3d *p, const gradients *g, int64_t i)
{
    const dp_volume *v = &p->v;
    phase out = {.exist = 1};

    for (int d = 2; d >= 0; i /= phases_of(v, d), d--) {
        out.f[d] = dp_phase_of(i % phases_of(v, d), v->step[d], v->apart[d], v->before[d], v->in[d],
                               v->kernel[d], g->front[d]);
        out.exist = out.exist && out.f[d].taps > 0;
    }
    return out;
}

static void pack_phase(const conv3d *p, const dp_op_run_args *a, const phase *ph, float *dst)
{
    const int64_t *k = p->v.kernel;
    const dp_phase *f = ph->f;
    int64_t last[3];

    for (int d = 0; d < 3; d++)
        last[d] = f[d].tap + (f[d].taps - 1) * f[d].tap_step;
    dp_panels panels = {.w = (const float *)a->in[2].data +
                             ph->exist * ((last[0] * k[1] + last[1]) * k[2] + last[2]),
                        .dst = dst,
                        .n_out = p->ic,
                        .nr = a->kernels->nr,
                        .kd = ph->exist * f[0].taps,
                        .kh = f[1].taps,
                        .kw = f[2].taps,
                        .depth = p->oc,
                        .out_stride = p->taps,
                        .depth_stride = p->ic * p->taps,
                        .kd_stride = -f[0].tap_step * k[1] * k[2],
                        .kh_stride = -f[1].tap_step * k[2],
                        .kw_stride = -f[2].tap_step};

    dp_pack(a->workers, &panels);
}

/* The floats of the panels of a phase. */
static int64_t phase_floats(const conv3d *p, const dp_kernels *k, const phase *ph)
{
    return panel_floats(k, p->ic,
                        ph->exist * ph->f[0].taps * ph->f[1].taps * ph->f[2].taps * p->oc);
}

/* Panels of all phases, one after the other. */
static void pack_phases(const conv3d *p, const dp_op_run_args *a, const gradients *g)
{
    float *dst = g->panels;

    for (int64_t i = 0; i < phases(&p->v); i++) {
        const phase ph = phase_of(p, g, i);
        pack_phase(p, a, &ph, dst);
        dst += phase_floats(p, a->kernels, &ph);
    }
}

static void sweep_phase(const conv3d *p, const dp_op_run_args *a, const gradients *g,
                        const phase *ph, const float *panels)
{
    const dp_volume *v = &p->v;
    const dp_phase *f = ph->f;
    const int64_t *in = v->in, row = g->reach[2] * p->oc, plane = g->reach[1] * row;
    dp_sweep s = {.kernels = a->kernels,
                  .src = g->bordered +
                         ph->exist * (f[0].head * plane + f[1].head * row + f[2].head * p->oc),
                  .panels = panels,
                  .dst = g->dx + ((f[0].first * in[1] + f[1].first) * in[2] + f[2].first) * p->ic,
                  .images = f[0].places,
                  .rows = f[1].places,
                  .cols = f[2].places,
                  .n_out = p->ic,
                  .src_image = ph->exist * plane,
                  .src_row = ph->exist * row,
                  .src_col = ph->exist * p->oc,
                  .dst_image = v->step[0] * in[1] * in[2] * p->ic,
                  .dst_row = v->step[1] * in[2] * p->ic,
                  .dst_col = v->step[2] * p->ic,
                  .dst_out = 1,
                  .runs = dp_runs_of(ph->exist * f[0].taps, f[0].step * plane, f[1].taps,
                                     f[1].step * row, f[2].taps, f[2].step * p->oc, p->oc)};

    dp_run_sweep(a->workers, &s);
}

/* The input gradient of one sample, phase by phase. */
static void sweep_phases(const conv3d *p, const dp_op_run_args *a, const gradients *g)
{
    const float *panels = g->panels;

    for (int64_t i = 0; i < phases(&p->v); i++) {
        const phase ph = phase_of(p, g, i);
        sweep_phase(p, a, g, &ph, panels);
        panels += phase_floats(p, a->kernels, &ph);
    }
}

/* Fills dy by places, too. */
static void input_gradient(const conv3d *p, const dp_op_run_args *a, const gradients *g)
{
    const int64_t out = dp_volume_places(p->v.out) * p->oc, in = dp_volume_places(p->v.in) * p->ic;
    border b = {p->oc, true, p->v.out, g->front, g->reach, g->dy, g->bordered};

    pack_phases(p, a, g);
    for (int64_t n = 0; n < p->n; n++, b.src += out) {
        dp_channels_last(a->workers, 1, p->oc, dp_volume_places(p->v.out),
                         (const float *)a->in[0].data + n * out, g->dy + n * out);
        pad(a->workers, &b);
        sweep_phases(p, a, g);
        dp_channels_first(a->workers, 1, p->ic, dp_volume_places(p->v.in), g->dx,
                          (float *)a->out[0].data + n * in);
    }
}

static void weight_gradient(const conv3d *p, const dp_op_run_args *a, const gradients *g)
{
    const dp_volume *v = &p->v;
    const bool one_run = v->apart[2] == 1;
    dp_slices slices = {a->kernels, g->dy, g->slices, p->n * v->out[0], v->out[1] * v->out[2],
                        p->oc,      p->oc};
    dp_outer o = {.kernels = a->kernels,
                  .left = {g->x, v->in[0], v->in[1], v->in[2] * p->ic},
                  .right = dp_slice(a->workers, &slices),
                  .out = a->out[1].data,
                  .planes = p->n * v->out[0],
                  .depth = v->out[0],
                  .rows = v->out[1],
                  .cols = v->out[2],
                  .front = -v->before[0],
                  .top = -v->before[1],
                  .first = -v->before[2] * p->ic,
                  .plane_step = v->step[0],
                  .row_step = v->step[1],
                  .col_step = v->step[2] * p->ic,
                  .kd = v->kernel[0],
                  .kh = v->kernel[1],
                  .kw = one_run ? 1 : v->kernel[2],
                  .run = one_run ? v->kernel[2] * p->ic : p->ic,
                  .kd_step = v->apart[0],
                  .kh_step = v->apart[1],
                  .kw_step = v->apart[2] * p->ic,
                  .n_right = p->oc,
                  .leaf = p->leaf_size * v->out[0],
                  .tap = p->ic,
                  .tap_stride = 1,
                  .left_stride = p->taps,
                  .right_stride = p->ic * p->taps};

    dp_run_outer(a->workers, &o);
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const conv3d *p = params_;
    gradients g;

    (void)err;
    lay_out_backward(p, a->kernels, a->workspace, &g);
    input_gradient(p, a, &g);
    dp_channels_last(a->workers, p->n, p->ic, dp_volume_places(p->v.in), a->in[1].data, g.x);
    weight_gradient(p, a, &g);
    return DP_OK;
}

#define EXAMPLE "conv3d stride=1,2,1 dilation=1,1,2 pad_mode=same leaf_size=2"
#define X       DP_FLOATS(5, 5, 3, 4, 5, 6)
#define W       DP_FLOATS(5, 35, 3, 2, 3, 2)
#define Y       DP_FLOATS(5, 5, 35, 4, 3, 6)

const dp_operator dp_operator_conv3d = {
    .info = {{"operator", "conv3d", "convolution over a volume", 1, sizeof(conv3d), params},
             "Conv3DBackFilter",
             "y CHAIN over (kd, kh, kw, ic); dx CHAIN over (od, oh, ow, oc); dw CHAIN over "
             "(n in leaf, od, oh, ow), TREE over leaves",
             {{"x,w", "y"}, {"dy,x,w", "dx,dw"}}},
    .part = {{plan, run, EXAMPLE, {X, W}}, {plan_backward, run_backward, EXAMPLE, {Y, X, W}}},
};
