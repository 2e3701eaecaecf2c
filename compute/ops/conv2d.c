/* conv2d.c - convolution over an image, as an operator
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * compute/math/conv.h and filtering.h compute it; here the channels stand first, as MindSpore has
 * them.
 */
#include "compute/math/filtering.h"
#include "compute/math/slide.h"
#include "compute/math/turn.h"
#include "compute/ops/operator.h"

typedef struct conv2d {
    dp_slide_params window; /* its kernel is that of w */
    int64_t group, leaf_size;
    int32_t algorithm;
    int64_t n;
    dp_conv conv;
} conv2d;

static const dp_param params[] = {
    DP_INTS(dp_slide_params, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(dp_slide_params, pad_mode, "valid", DP_PAD_MODES, "zeros around the image"),
    DP_INTS(dp_slide_params, padding, "0", 0, DP_MAX_KERNEL,
            "of pad_mode=pad: all sides, or top,bottom,left,right"),
    DP_INTS(dp_slide_params, dilation, "1", 1, DP_MAX_KERNEL,
            "height,width from one tap to the next; one number for both"),
    DP_INT(conv2d, group, "1", 1, 65536, "groups of channels that do not see each other"),
    DP_INT(conv2d, leaf_size, "4", 1, 65536, "backward: samples of a leaf, a power of two"),
    DP_LATER_CHOICE(conv2d, algorithm, "direct", DP_ALGORITHMS,
                    "how it is computed, each with bits of its own: docs/numerics.md"),
    DP_PARAMS_END,
};

static dp_status check_shapes(const conv2d *p, const dp_tensor *x, const dp_tensor *w,
                              dp_error *err)
{
    if (dp_tensor_count(x) == 0 || dp_tensor_count(w) == 0 ||
        w->shape[1] * p->group != x->shape[1] || w->shape[0] % p->group != 0)
        return dp_fail(err, DP_EINVAL, "x is [n, c, h, w] and w [out, c / group, h, w]");
    return w->shape[2] <= DP_MAX_KERNEL && w->shape[3] <= DP_MAX_KERNEL
               ? DP_OK
               : dp_fail(err, DP_ELIMIT, "a kernel has at most %d places", DP_MAX_KERNEL);
}

static dp_status fit(conv2d *p, const dp_op_plan *plan, size_t x, dp_tensor *y, dp_error *err)
{
    const int64_t *in = plan->in[x].shape, *w = plan->in[x + 1].shape;
    const dp_extent extent = {in[1], in[2], in[3]};
    dp_slide s;
    dp_status status = dp_op_expect(plan, x, DP_F32, 4, err);

    if (status == DP_OK)
        status = dp_op_expect(plan, x + 1, DP_F32, 4, err);
    if (status == DP_OK)
        status = check_shapes(p, &plan->in[x], &plan->in[x + 1], err);
    if (status != DP_OK)
        return status;
    p->window.kernel_size = (dp_ints){.n = 2, .v = {w[2], w[3]}};
    status = dp_slide_plan(&p->window, &extent, &s, err);
    if (status != DP_OK)
        return status;
    p->n = in[0];
    p->conv = dp_conv_of(&extent, w[0], p->group, &s);
    status = dp_filtering_choose(&p->conv, &p->algorithm, err);
    if (status != DP_OK)
        return status;
    *y = (dp_tensor){NULL, DP_F32, 4, {p->n, w[0], s.out[0], s.out[1]}};
    return dp_op_check_leaves(p->n, p->leaf_size, err);
}

/* x or dx, y or dy with the channels last, scratch. */
typedef struct memory {
    float *x, *y, *scratch;
} memory;

static size_t lay_out(const conv2d *p, const dp_kernels *k, uint32_t threads, void *at, memory *m)
{
    const dp_conv *c = &p->conv;
    const int64_t sizes[] = {p->n * c->ic * c->height * c->width, p->n * c->oc * c->oh * c->ow,
                             (int64_t)dp_conv_workspace(c, k, p->n, threads)};
    float **const places[] = {&m->x, &m->y, &m->scratch};

    return dp_lay_out(sizes, 3, at, places);
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    memory m;
    const dp_status status = fit(params_, plan, 0, &plan->out[0], err);

    plan->n_out = 1;
    plan->workspace =
        status == DP_OK ? lay_out(params_, plan->kernels, plan->threads, NULL, &m) : 0;
    return status;
}

static dp_math_run math_of(const conv2d *p, const dp_op_run_args *a, memory *m)
{
    lay_out(p, a->kernels, dp_workers_count(a->workers), a->workspace, m);
    return (dp_math_run){a->kernels, a->workers, p->n, p->leaf_size, m->scratch};
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const conv2d *p = params_;
    const dp_conv *c = &p->conv;
    memory m;
    const dp_math_run r = math_of(p, a, &m);

    (void)err;
    dp_channels_last(a->workers, p->n, c->ic, c->height * c->width, a->in[0].data, m.x);
    dp_conv_forward(c, &r, m.x, a->in[1].data, NULL, m.y, NULL);
    dp_channels_first(a->workers, p->n, c->oc, c->oh * c->ow, m.y, a->out[0].data);
    return DP_OK;
}

/* dy, x, w */
static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    dp_tensor y;
    memory m;
    dp_status status = fit(params_, plan, 1, &y, err);

    if (status == DP_OK)
        status = dp_op_plan_gradients(plan, &y, err);
    plan->workspace =
        status == DP_OK ? lay_out(params_, plan->kernels, plan->threads, NULL, &m) : 0;
    return status;
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const conv2d *p = params_;
    const dp_conv *c = &p->conv;
    memory m;
    const dp_math_run r = math_of(p, a, &m);

    (void)err;
    dp_channels_last(a->workers, p->n, c->oc, c->oh * c->ow, a->in[0].data, m.y);
    dp_channels_last(a->workers, p->n, c->ic, c->height * c->width, a->in[1].data, m.x);
    dp_conv_weight_gradient(c, &r, m.x, m.y, a->out[1].data);
    dp_conv_input_gradient(c, &r, m.y, a->in[2].data, m.x, NULL);
    dp_channels_first(a->workers, p->n, c->ic, c->height * c->width, m.x, a->out[0].data);
    return DP_OK;
}

#define EXAMPLE "conv2d stride=2,1 pad_mode=same dilation=1,2 group=2 leaf_size=2"
#define X       DP_FLOATS(4, 5, 6, 7, 9)
#define W       DP_FLOATS(4, 34, 3, 3, 2)
#define Y       DP_FLOATS(4, 5, 34, 4, 9)

const dp_operator dp_operator_conv2d = {
    .info = {{"operator", "conv2d", "convolution over an image", 1, sizeof(conv2d), params},
             "Conv2DBackFilter",
             "y CHAIN over (kh, kw, ic); dx CHAIN over (oh, ow, oc); dw CHAIN over "
             "(n in leaf, oh, ow), TREE over leaves",
             {{"x,w", "y"}, {"dy,x,w", "dx,dw"}}},
    .part = {{plan, run, EXAMPLE, {X, W}}, {plan_backward, run_backward, EXAMPLE, {Y, X, W}}},
};
