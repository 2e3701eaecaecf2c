/* conv3d.c - convolution over a volume
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y is a CHAIN over (kd, kh, kw, ic), zero padding takes part; dx a CHAIN over
 * (od, oh, ow, oc) of the taps that exist, the border takes part; dw a CHAIN over (n in leaf, od,
 * oh, ow), TREE over leaves.
 */
#include <string.h>

#include "compute/ops/operator.h"
#include "compute/ops/volume.h"
#include "compute/tree.h"

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
        status = dp_fail(err, DP_EINVAL, "conv3d: x is [n, c, d, h, w] and w [out, c, d, h, w]");
    if (status == DP_OK)
        status = dp_volume_plan("conv3d", &p->v, in->shape + 2, w->shape + 2, err);
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
        return dp_fail(err, DP_ELIMIT, "conv3d: x with its padding has more than 2^40 elements");
    return dp_op_check_leaf(plan, p->leaf_size, err);
}

static int64_t product(const int64_t v[3]) { return v[0] * v[1] * v[2]; }

/* x with zeros around, y or dy, w by taps; partial sums of dw. */
typedef struct memory {
    float *x, *y, *w, *tree;
} memory;

static size_t lay_out(const conv3d *p, bool backward, void *at, memory *m)
{
    const int64_t weights = p->taps * p->ic * p->oc;
    const int64_t sizes[] = {p->n * product(p->padded) * p->ic, p->n * product(p->v.out) * p->oc,
                             weights, backward ? (DP_TREE_DEPTH + 1) * weights : 0};
    float **const places[] = {&m->x, &m->y, &m->w, &m->tree};

    return dp_lay_out(sizes, 4, at, places);
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    memory m;
    const dp_status status = fit(params_, plan, 0, &plan->out[0], err);

    plan->n_out = 1;
    plan->workspace = status == DP_OK ? lay_out(params_, false, NULL, &m) : 0;
    return status;
}

/* A run under way. */
typedef struct job {
    const conv3d *p;
    const dp_kernels *kernels;
    memory m;
    const float *given; /* what a task takes over: x, w, dy */
    float *dw;
} job;

/* [c][places] of a sample with zeros around as [place][c]. */
static void pad_sample(void *ctx, uint64_t n)
{
    const job *j = ctx;
    const conv3d *p = j->p;
    const int64_t *in = p->v.in, places = product(in);
    const float *x = j->given + (int64_t)n * p->ic * places;
    float *to = j->m.x + (int64_t)n * product(p->padded) * p->ic;

    memset(to, 0, sizeof *to * (size_t)(product(p->padded) * p->ic));
    for (int64_t i = 0; i < places; i++) {
        const int64_t d = i / (in[1] * in[2]) + p->v.before[0],
                      h = i / in[2] % in[1] + p->v.before[1], w = i % in[2] + p->v.before[2];
        float *place = to + ((d * p->padded[1] + h) * p->padded[2] + w) * p->ic;
        for (int64_t c = 0; c < p->ic; c++)
            place[c] = x[c * places + i];
    }
}

/* w[oc][ic][tap] as [tap][ic][oc], or [tap][oc][ic]. */
static void pack_weights(const conv3d *p, const float *w, bool transposed, float *to)
{
    for (int64_t o = 0; o < p->oc; o++) {
        for (int64_t i = 0; i < p->ic; i++) {
            for (int64_t t = 0; t < p->taps; t++)
                to[t * p->ic * p->oc + (transposed ? o * p->ic + i : i * p->oc + o)] =
                    w[(o * p->ic + i) * p->taps + t];
        }
    }
}

/* Where the first place of a window is, in the padded x of its sample. */
static const float *window_at(const job *j, int64_t n, int64_t od, int64_t oh, int64_t ow)
{
    const conv3d *p = j->p;
    const int64_t *s = p->v.step;

    return j->m.x + (((n * p->padded[0] + od * s[0]) * p->padded[1] + oh * s[1]) * p->padded[2] +
                     ow * s[2]) *
                        p->ic;
}

/* A tap's distance in floats from the first place of its window. */
static int64_t tap_at(const conv3d *p, int64_t tap)
{
    const int64_t *k = p->v.kernel, *dilation = p->v.apart;
    const int64_t d = tap / (k[1] * k[2]), h = tap / k[2] % k[1], w = tap % k[2];

    return ((d * dilation[0] * p->padded[1] + h * dilation[1]) * p->padded[2] + w * dilation[2]) *
           p->ic;
}

static void forward_row(void *ctx, uint64_t row)
{
    const job *j = ctx;
    const conv3d *p = j->p;
    const int64_t *out = p->v.out, i = (int64_t)row;

    for (int64_t ow = 0; ow < out[2]; ow++) {
        float *y = j->m.y + (i * out[2] + ow) * p->oc;
        const float *x = window_at(j, i / (out[0] * out[1]), i / out[1] % out[0], i % out[1], ow);
        memset(y, 0, sizeof *y * (size_t)p->oc);
        for (int64_t t = 0; t < p->taps; t++)
            j->kernels->chain(p->oc, p->ic, x + tap_at(p, t), 1, j->m.w + t * p->ic * p->oc, p->oc,
                              y);
    }
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const conv3d *p = params_;
    job j = {.p = p, .kernels = a->kernels, .given = a->in[0].data};

    (void)err;
    lay_out(p, false, a->workspace, &j.m);
    dp_workers_run(a->workers, (uint64_t)p->n, pad_sample, &j);
    pack_weights(p, a->in[1].data, false, j.m.w);
    dp_workers_run(a->workers, (uint64_t)(p->n * p->v.out[0] * p->v.out[1]), forward_row, &j);
    dp_channels_first(a->workers, p->n, p->oc, product(p->v.out), j.m.y, a->out[0].data);
    return DP_OK;
}

/* ---- backward: dy, x, w ---- */

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    conv3d *p = params_;
    dp_tensor y;
    memory m;
    dp_status status = fit(p, plan, 1, &y, err);

    if (status == DP_OK)
        status = dp_op_expect_type(plan, 0, &y, err);
    if (status == DP_OK)
        status = dp_op_check_leaves(plan, p->n, p->leaf_size, err);
    plan->out[0] = plan->in[1];
    plan->out[1] = plan->in[2];
    plan->n_out = 2;
    plan->workspace = status == DP_OK ? lay_out(p, true, NULL, &m) : 0;
    return status;
}

/* dy of the window whose tap k on axis d is at a place; false: there is none.  A window that lies
 * outside is there, as zeros: *at is -1. */
static bool window_of(const conv3d *p, int d, int64_t place, int64_t k, int64_t *at)
{
    const int64_t from = place + p->v.before[d] - k * p->v.apart[d];

    if (from % p->v.step[d] != 0)
        return false;
    *at = from >= 0 && from / p->v.step[d] < p->v.out[d] ? from / p->v.step[d] : -1;
    return true;
}

/* Every tap that exists on a place, last first. */
static void input_gradient_place(const job *j, int64_t n, const int64_t place[3], float *dx)
{
    static const float zero = 0.0f;
    const conv3d *p = j->p;
    const int64_t *k = p->v.kernel, *out = p->v.out;
    int64_t o[3];

    for (int64_t t = p->taps - 1; t >= 0; t--) {
        const bool exists = window_of(p, 0, place[0], t / (k[1] * k[2]), &o[0]) &&
                            window_of(p, 1, place[1], t / k[2] % k[1], &o[1]) &&
                            window_of(p, 2, place[2], t % k[2], &o[2]);
        const bool inside = exists && o[0] >= 0 && o[1] >= 0 && o[2] >= 0;
        const float *dy =
            inside ? j->m.y + (((n * out[0] + o[0]) * out[1] + o[1]) * out[2] + o[2]) * p->oc
                   : &zero;
        if (exists)
            j->kernels->chain(p->ic, p->oc, dy, inside, j->m.w + t * p->ic * p->oc, p->ic, dx);
    }
}

static void input_gradient_row(void *ctx, uint64_t row)
{
    const job *j = ctx;
    const conv3d *p = j->p;
    const int64_t *in = p->v.in, i = (int64_t)row, n = i / (in[0] * in[1]);
    float *dx = j->m.x + i * in[2] * p->ic; /* x is not needed any more */

    memset(dx, 0, sizeof *dx * (size_t)(in[2] * p->ic));
    for (int64_t w = 0; w < in[2]; w++) {
        const int64_t place[3] = {i / in[1] % in[0], i % in[1], w};
        input_gradient_place(j, n, place, dx + w * p->ic);
    }
}

static void merge(int64_t n, float *tree, int64_t *depth, const dp_kernels *k)
{
    k->add(n, tree + (*depth - 2) * n, tree + (*depth - 1) * n);
    --*depth;
}

/* dw of a tap and an input channel: all output channels. */
static void weight_gradient(void *ctx, uint64_t index)
{
    const job *j = ctx;
    const conv3d *p = j->p;
    const int64_t *out = p->v.out, tap = (int64_t)index / p->ic, ic = (int64_t)index % p->ic;
    const int64_t rows = out[0] * out[1], at = tap_at(p, tap) + ic;
    float *tree = j->m.tree + (int64_t)index * (DP_TREE_DEPTH + 1) * p->oc;
    int64_t depth = 0;

    for (int64_t leaf = 0; leaf * p->leaf_size < p->n; leaf++) {
        const int64_t first = leaf * p->leaf_size, end = first + p->leaf_size;
        float *sum = tree + depth++ * p->oc;
        memset(sum, 0, sizeof *sum * (size_t)p->oc);
        for (int64_t i = first * rows; i < (end < p->n ? end : p->n) * rows; i++)
            j->kernels->chain(p->oc, out[2],
                              window_at(j, i / rows, i / out[1] % out[0], i % out[1], 0) + at,
                              p->v.step[2] * p->ic, j->m.y + i * out[2] * p->oc, p->oc, sum);
        for (int m = dp_tree_merges(leaf); m > 0; m--)
            merge(p->oc, tree, &depth, j->kernels);
    }
    while (depth > 1)
        merge(p->oc, tree, &depth, j->kernels);
    for (int64_t o = 0; o < p->oc; o++)
        j->dw[(o * p->ic + ic) * p->taps + tap] = tree[o];
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const conv3d *p = params_;
    job j = {.p = p, .kernels = a->kernels, .given = a->in[1].data, .dw = a->out[1].data};

    (void)err;
    lay_out(p, true, a->workspace, &j.m);
    dp_workers_run(a->workers, (uint64_t)p->n, pad_sample, &j);
    dp_channels_last(a->workers, p->n, p->oc, product(p->v.out), a->in[0].data, j.m.y);
    dp_workers_run(a->workers, (uint64_t)(p->taps * p->ic), weight_gradient, &j);
    pack_weights(p, a->in[2].data, true, j.m.w);
    dp_workers_run(a->workers, (uint64_t)(p->n * p->v.in[0] * p->v.in[1]), input_gradient_row, &j);
    dp_channels_first(a->workers, p->n, p->ic, product(p->v.in), j.m.x, a->out[0].data);
    return DP_OK;
}

#define EXAMPLE "conv3d stride=1,2,1 dilation=1,1,2 pad_mode=same leaf_size=2"
#define X       DP_FLOATS(5, 5, 3, 4, 5, 6)
#define W       DP_FLOATS(5, 35, 3, 2, 3, 2)
#define Y       DP_FLOATS(5, 5, 35, 4, 3, 6)

const dp_operator dp_operator_conv3d = {
    .info = {{"operator", "conv3d", "convolution over a volume", 1, params},
             "Conv3DBackFilter",
             "y CHAIN over (kd, kh, kw, ic); dx CHAIN over (od, oh, ow, oc); dw CHAIN over "
             "(n in leaf, od, oh, ow), TREE over leaves",
             {{"x,w", "y"}, {"dy,x,w", "dx,dw"}}},
    .size = sizeof(conv3d),
    .part = {{plan, run, EXAMPLE, {X, W}}, {plan_backward, run_backward, EXAMPLE, {Y, X, W}}},
};
