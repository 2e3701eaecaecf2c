/* max_pool3d.c - the largest value of each window of a volume
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: windows are scanned in (kd, kh, kw) order, the first of equals wins, the first
 * NaN wins over numbers, padding never wins; argmax is the winner's place in its volume, row by
 * row. Backward: dx starts at +0; dy of each window is added to its winner, in ascending (od, oh,
 * ow) order.
 */
#include <string.h>

#include "base/number/total_order.h"
#include "compute/ops/operator.h"
#include "compute/ops/volume.h"

typedef struct max_pool3d {
    dp_volume v; /* its parameters come first */
    dp_ints kernel_size;
    int64_t planes; /* volumes */
} max_pool3d;

static const dp_param params[] = {
    DP_INTS(max_pool3d, kernel_size, NULL, 1, DP_VOLUME_MOST,
            "depth,height,width; one number for a cube"),
    DP_INTS(dp_volume, stride, "1", 1, DP_VOLUME_MOST, "depth,height,width; one number for all"),
    DP_CHOICE(dp_volume, pad_mode, "valid", DP_VOLUME_PAD_MODES,
              "whether windows may reach past the volume"),
    DP_INTS(dp_volume, padding, "0", 0, DP_VOLUME_MOST,
            "of pad_mode=pad, half of the kernel at most: all sides, or front,back,top,bottom,"
            "left,right"),
    DP_PARAMS_END,
};

/* A window that is all padding would have no value. */
static dp_status check_padding(const dp_volume *v, dp_error *err)
{
    for (int d = 0; d < 3; d++) {
        if (v->pad_mode == DP_VOLUME_PAD &&
            (2 * v->before[d] > v->kernel[d] || 2 * v->after[d] > v->kernel[d]))
            return dp_fail(err, DP_ESPEC, "padding is at most half of the kernel");
    }
    return DP_OK;
}

/* The types of y and argmax, from x. */
static dp_status fit(max_pool3d *p, const dp_op_plan *plan, size_t input, dp_tensor types[2],
                     dp_error *err)
{
    const dp_tensor *x = &plan->in[input];
    int64_t kernel[3];
    dp_status status = dp_op_expect(plan, input, DP_F32, 5, err);

    if (status == DP_OK &&
        (dp_tensor_count(x) == 0 || p->kernel_size.n == 2 || p->kernel_size.n > 3))
        status =
            dp_fail(err, DP_EINVAL, "kernel_size takes one number or three (depth, height, width)");
    if (status != DP_OK)
        return status;
    for (int d = 0; d < 3; d++)
        kernel[d] = p->kernel_size.v[p->kernel_size.n == 3 ? d : 0];
    status = dp_volume_plan(&p->v, x->shape + 2, kernel, err);
    types[0] = *x;
    memcpy(types[0].shape + 2, p->v.out, sizeof p->v.out);
    types[1] = types[0];
    types[1].dtype = DP_I32;
    p->planes = x->shape[0] * x->shape[1];
    if (status == DP_OK && dp_volume_places(p->v.in) > INT32_MAX)
        return dp_fail(err, DP_ELIMIT, "a volume has more than 2^31 - 1 places");
    return status == DP_OK ? check_padding(&p->v, err) : status;
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    plan->n_out = 2;
    return fit(params_, plan, 0, plan->out, err);
}

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    dp_tensor types[2];
    dp_status status = fit(params_, plan, 1, types, err);

    plan->out[0] = plan->in[1];
    plan->n_out = 1;
    if (status == DP_OK)
        status = dp_op_expect_type(plan, 0, &types[0], err);
    return status == DP_OK ? dp_op_expect_type(plan, 2, &types[1], err) : status;
}

typedef struct range {
    int64_t first, end;
} range;

static range places(const max_pool3d *p, int d, int64_t window)
{
    const int64_t at = window * p->v.step[d] - p->v.before[d], end = at + p->v.kernel[d];
    return (range){at < 0 ? 0 : at, end < p->v.in[d] ? end : p->v.in[d]};
}

/* One volume. */
typedef struct pool {
    const max_pool3d *p;
    const float *x;
    float *y;
    int32_t *argmax;
} pool;

/* The place of the winner of a window whose first element is x[0].  Keys are whole numbers in the
 * order of the floats, NaN above all and (by + 0.0f) both zeros one: no branch depends on the data.
 */
static int64_t winner(const max_pool3d *p, const float *x, int64_t depth, int64_t rows,
                      int64_t cols)
{
    int32_t best = INT32_MIN;
    int64_t place = 0;

    for (int64_t d = 0; d < depth; d++) {
        for (int64_t h = 0; h < rows; h++) {
            const int64_t first = (d * p->v.in[1] + h) * p->v.in[2];
            for (int64_t w = 0; w < cols; w++) {
                const int32_t key = dp_order_key(x[first + w] + 0.0f, INT32_MAX);
                place = key > best ? first + w : place;
                best = key > best ? key : best;
            }
        }
    }
    return place;
}

static void pool_row(const pool *t, int64_t od, int64_t oh)
{
    const max_pool3d *p = t->p;
    const range depth = places(p, 0, od), rows = places(p, 1, oh);
    const int64_t head = (depth.first * p->v.in[1] + rows.first) * p->v.in[2],
                  out = (od * p->v.out[1] + oh) * p->v.out[2];

    for (int64_t ow = 0; ow < p->v.out[2]; ow++) {
        const range cols = places(p, 2, ow);
        const int64_t first = head + cols.first;
        const int64_t best = first + winner(p, t->x + first, depth.end - depth.first,
                                            rows.end - rows.first, cols.end - cols.first);
        t->y[out + ow] = t->x[best];
        t->argmax[out + ow] = (int32_t)best;
    }
}

static void pool_volume(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const max_pool3d *p = ((const dp_op_task *)ctx)->params;
    const int64_t volume = (int64_t)index, first = volume * dp_volume_places(p->v.out);
    const pool t = {p, (const float *)a->in[0].data + volume * dp_volume_places(p->v.in),
                    (float *)a->out[0].data + first, (int32_t *)a->out[1].data + first};

    for (int64_t od = 0; od < p->v.out[0]; od++) {
        for (int64_t oh = 0; oh < p->v.out[1]; oh++)
            pool_row(&t, od, oh);
    }
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const max_pool3d *p = params_;
    dp_op_task task = {p, a};

    (void)err;
    dp_workers_run(a->workers, (uint64_t)p->planes, pool_volume, &task);
    return DP_OK;
}

/* ---- backward: dy, x, argmax ---- */

static dp_status check_argmax(const max_pool3d *p, const dp_tensor *argmax, dp_error *err)
{
    const int32_t *place = argmax->data;

    for (int64_t i = 0; i < (int64_t)dp_tensor_count(argmax); i++) {
        if (place[i] < 0 || place[i] >= dp_volume_places(p->v.in))
            return dp_fail(err, DP_EINVAL,
                           "argmax number %lld is %d: a volume has places 0 to %lld", (long long)i,
                           place[i], (long long)dp_volume_places(p->v.in) - 1);
    }
    return DP_OK;
}

static void scatter_volume(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const max_pool3d *p = ((const dp_op_task *)ctx)->params;
    const int64_t volume = (int64_t)index, windows = dp_volume_places(p->v.out),
                  size = dp_volume_places(p->v.in);
    const float *dy = (const float *)a->in[0].data + volume * windows;
    const int32_t *argmax = (const int32_t *)a->in[2].data + volume * windows;
    float *dx = (float *)a->out[0].data + volume * size;

    memset(dx, 0, sizeof *dx * (size_t)size);
    for (int64_t i = 0; i < windows; i++)
        dx[argmax[i]] += dy[i];
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const max_pool3d *p = params_;
    dp_op_task task = {p, a};
    const dp_status status = check_argmax(p, &a->in[2], err);

    if (status == DP_OK)
        dp_workers_run(a->workers, (uint64_t)p->planes, scatter_volume, &task);
    return status;
}

#define EXAMPLE "max_pool3d kernel_size=3,2,3 stride=2,1,2 pad_mode=same"
#define X       DP_FLOATS(5, 2, 3, 5, 4, 7)
#define Y       DP_FLOATS(5, 2, 3, 3, 4, 4)
#define ARGMAX  DP_BELOW(5 * 4 * 7, 5, 2, 3, 3, 4, 4)

const dp_operator dp_operator_max_pool3d = {
    .info = {{"operator", "max_pool3d", "the largest value of each window of a volume", 1,
              sizeof(max_pool3d), params},
             "MaxPool3d,MaxPool3dGrad",
             "dx = +0, then dy of the windows that it won in ascending (od, oh, ow)",
             {{"x", "y,argmax"}, {"dy,x,argmax", "dx"}}},
    .part = {{plan, run, EXAMPLE, {X}}, {plan_backward, run_backward, EXAMPLE, {Y, X, ARGMAX}}},
};
