/* reduce.c - what the reduce_ operators share: which axes, and the walk over them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: the reduced elements are numbered row by row over the reduced axes.  Where the
 * innermost axis is one of them they lie beside each other, and LANE64 adds them; else each kept
 * element has its own sum in ascending order (SEQ64), and neighbours are summed side by side.
 */
#include "compute/ops/reduce.h"

#include <string.h>

const char dp_reduce_order[] =
    "elements are numbered row by row over the reduced axes; LANE64 where the innermost axis is "
    "reduced, else SEQ64 for each output; rounded once";

const dp_param dp_reduce_params[] = {
    DP_INTS(dp_reduce, axis, "", -DP_MAX_RANK, DP_MAX_RANK - 1,
            "axes to reduce, negative ones from the end; none = all"),
    DP_BOOLEAN(dp_reduce, keep_dims, "false", "reduced axes stay, with one element"),
    DP_PARAMS_END,
};

static dp_status find_axes(const dp_reduce *p, const dp_op_plan *plan, bool reduced[],
                           dp_error *err)
{
    const int32_t rank = plan->in[plan->n_in > 1].rank;

    for (int32_t d = 0; d < rank; d++)
        reduced[d] = p->axis.n == 0;
    for (int32_t i = 0; i < p->axis.n; i++) {
        const int64_t axis = p->axis.v[i] < 0 ? p->axis.v[i] + rank : p->axis.v[i];
        if (axis < 0 || axis >= rank || reduced[axis])
            return dp_fail(err, DP_EINVAL, "axis %lld of a tensor of rank %d %s",
                           (long long)p->axis.v[i], rank,
                           axis < 0 || axis >= rank ? "does not exist" : "is named twice");
        reduced[axis] = true;
    }
    return DP_OK;
}

static void add_axis(dp_axes *axes, int64_t size, int64_t step)
{
    if (axes->n > 0 && axes->step[axes->n - 1] == size * step) {
        axes->size[axes->n - 1] *= size;
        axes->step[axes->n - 1] = step;
    } else {
        axes->size[axes->n] = size;
        axes->step[axes->n++] = step;
    }
    axes->count *= size;
}

static void split_axes(dp_reduce *p, const dp_tensor *x, const bool reduced[])
{
    const bool empty = dp_tensor_count(x) == 0;
    int64_t step = (int64_t)dp_tensor_count(x);
    bool inner = !empty;

    p->kept = p->reduced = (dp_axes){.count = 1};
    p->inner = 1;
    for (int32_t d = 0; d < x->rank; d++) {
        step = empty ? 0 : step / x->shape[d];
        if (x->shape[d] != 1)
            add_axis(reduced[d] ? &p->reduced : &p->kept, x->shape[d], step);
    }
    for (int32_t d = x->rank - 1; d >= 0 && inner; d--) {
        inner = !reduced[d] || x->shape[d] == 1;
        p->inner *= inner && !reduced[d] ? x->shape[d] : 1;
    }
}

static dp_status plan_axes(dp_reduce *p, const dp_op_plan *plan, const dp_tensor *x, dp_tensor *out,
                           dp_error *err)
{
    bool reduced[DP_MAX_RANK] = {false};
    const dp_status status = find_axes(p, plan, reduced, err);

    if (status != DP_OK)
        return status;
    split_axes(p, x, reduced);
    *out = (dp_tensor){.dtype = x->dtype};
    for (int32_t d = 0; d < x->rank; d++) {
        if (!reduced[d])
            out->shape[out->rank++] = x->shape[d];
        else if (p->keep_dims)
            out->shape[out->rank++] = 1;
    }
    return DP_OK;
}

/* Blocks of an output that are worth a task each, because there are few outputs; 0 = not so. */
static int64_t blocks_of_run(const dp_reduce *p)
{
    const bool is_long = p->inner == 1 && p->reduced.n == 1 && p->reduced.step[0] == 1 &&
                         p->reduced.count >= 2 * DP_LANE_BLOCK && p->kept.count < 64;
    return is_long ? (p->reduced.count + DP_LANE_BLOCK - 1) / DP_LANE_BLOCK : 0;
}

dp_status dp_reduce_plan(dp_reduce *p, const dp_reducer *reducers, size_t n, dp_op_plan *plan,
                         dp_error *err)
{
    size_t i = 0;
    dp_status status;

    while (i < n && reducers[i].dtype != plan->in[0].dtype)
        i++;
    if (i == n)
        return dp_fail(err, DP_EINVAL, "x is %s: its elements cannot be reduced so",
                       dp_tensor_type(&plan->in[0]).text);
    status = plan_axes(p, plan, &plan->in[0], &plan->out[0], err);
    plan->n_out = 1;
    if (status == DP_OK)
        plan->workspace = sizeof(double) * (size_t)(blocks_of_run(p) * p->kept.count);
    return status;
}

dp_status dp_reduce_plan_backward(void *params, dp_op_plan *plan, dp_error *err)
{
    dp_reduce *p = params;
    dp_tensor y;
    dp_status status = dp_op_expect(plan, 1, DP_F32, -1, err);

    if (status == DP_OK)
        status = plan_axes(p, plan, &plan->in[1], &y, err);
    for (size_t i = 0; i < plan->n_in && status == DP_OK; i += 2)
        status = dp_op_expect_type(plan, i, &y, err); /* dy, x, y */
    plan->out[0] = plan->in[1];
    plan->n_out = 1;
    return status;
}

int64_t dp_axes_at(const dp_axes *axes, int64_t i)
{
    int64_t at = 0;

    for (int32_t d = axes->n - 1; d > 0; i /= axes->size[d], d--)
        at += i % axes->size[d] * axes->step[d];
    return axes->n > 0 ? at + i * axes->step[0] : 0;
}

typedef struct walk {
    const dp_reduce *p;
    const dp_reducer *r;
    const dp_kernels *kernels;
    double *blocks; /* results of the blocks of long runs */
    const char *x;
    char *out;
    size_t in_size, out_size;
} walk;

#define ELEMENTS 16384 /* of a task, about: a short row is not worth one */

static int64_t outputs_of_task(const dp_reduce *p)
{
    const int64_t n = p->reduced.count > 0 ? ELEMENTS / p->reduced.count : ELEMENTS;
    return n > 0 ? n : 1;
}

static uint64_t tasks_of(const dp_reduce *p)
{
    const int64_t n = outputs_of_task(p);
    return (uint64_t)((p->kept.count + n - 1) / n);
}

/* Reduced elements of an output that have one step from each to the next. */
static int64_t run_of(const dp_axes *reduced)
{
    return reduced->n > 0 ? reduced->size[reduced->n - 1] : 1;
}

static int64_t step_of(const dp_axes *reduced)
{
    return reduced->n > 0 ? reduced->step[reduced->n - 1] : 1;
}

/* The outputs of a task, one by one. */
static void each_output(const dp_reduce *p, uint64_t task, void (*one)(const void *, int64_t),
                        const void *ctx)
{
    const int64_t n = outputs_of_task(p), first = (int64_t)task * n;

    for (int64_t o = first; o < first + n && o < p->kept.count; o++)
        one(ctx, o);
}

/* An output, of reduced elements that lie beside each other. */
static void reduce_run(const void *ctx, int64_t o)
{
    const walk *w = ctx;
    const dp_axes *reduced = &w->p->reduced;
    const int64_t run = run_of(reduced), from = dp_axes_at(&w->p->kept, o);
    dp_accumulator sum;

    w->r->begin(&sum, w->kernels);
    for (int64_t i = 0; i < reduced->count; i += run)
        w->r->add(&sum, w->x + (size_t)(from + dp_axes_at(reduced, i)) * w->in_size, run);
    w->r->end(&sum, reduced->count, w->out + (size_t)o * w->out_size);
}

static void reduce_runs(void *ctx, uint64_t task)
{
    each_output(((const walk *)ctx)->p, task, reduce_run, ctx);
}

/* Whether the outputs' elements are rows of one block, one after another. */
static bool are_rows(const dp_reduce *p)
{
    return p->inner == 1 && p->reduced.n == 1 && p->reduced.count <= DP_LANE_BLOCK &&
           (p->kept.n == 0 || (p->kept.n == 1 && p->kept.step[0] == p->reduced.count));
}

static void reduce_rows(void *ctx, uint64_t task)
{
    const walk *w = ctx;
    const int64_t n = outputs_of_task(w->p), first = (int64_t)task * n,
                  left = w->p->kept.count - first, run = w->p->reduced.count;

    w->r->rows(w->kernels, left < n ? left : n, run, w->x + (size_t)(first * run) * w->in_size,
               w->out + (size_t)first * w->out_size);
}

/* ---- long runs, block by block ---- */

static void reduce_block(void *ctx, uint64_t task)
{
    const walk *w = ctx;
    const int64_t blocks = blocks_of_run(w->p), o = (int64_t)task / blocks;
    const int64_t first = (int64_t)task % blocks * DP_LANE_BLOCK;
    const int64_t left = w->p->reduced.count - first;
    dp_accumulator sum;

    w->r->begin(&sum, w->kernels);
    w->r->add(&sum, w->x + (size_t)(dp_axes_at(&w->p->kept, o) + first) * w->in_size,
              left < DP_LANE_BLOCK ? left : DP_LANE_BLOCK);
    w->blocks[task] = w->r->close(&sum);
}

static void reduce_blocks(walk *w, dp_workers *workers)
{
    const int64_t blocks = blocks_of_run(w->p);

    dp_workers_run(workers, (uint64_t)(w->p->kept.count * blocks), reduce_block, w);
    for (int64_t o = 0; o < w->p->kept.count; o++)
        w->r->store(w->r->tree(w->blocks + o * blocks, blocks), w->p->reduced.count,
                    w->out + (size_t)o * w->out_size);
}

/* ---- outputs beside each other ---- */

#define SIDE_BY_SIDE 2048 /* outputs of a task */

/* Outputs beside each other, whose elements lie so, too. */
typedef struct neighbours {
    int64_t first, n; /* outputs */
    int64_t from;     /* the first element of the first */
} neighbours;

static int64_t blocks_of(const dp_reduce *p)
{
    return (p->inner + SIDE_BY_SIDE - 1) / SIDE_BY_SIDE;
}

static uint64_t neighbour_tasks(const dp_reduce *p)
{
    return (uint64_t)(p->kept.count / p->inner * blocks_of(p));
}

static neighbours neighbours_of(const dp_reduce *p, uint64_t task)
{
    const int64_t blocks = blocks_of(p), first = (int64_t)task / blocks * p->inner;
    const int64_t at = (int64_t)task % blocks * SIDE_BY_SIDE, left = p->inner - at;

    return (neighbours){first + at, left < SIDE_BY_SIDE ? left : SIDE_BY_SIDE,
                        dp_axes_at(&p->kept, first) + at};
}

/* Each in the order of the reduced elements. */
static void reduce_each(void *ctx, uint64_t index)
{
    const walk *w = ctx;
    const neighbours n = neighbours_of(w->p, index);
    const dp_axes *reduced = &w->p->reduced;
    const int64_t run = run_of(reduced), step = step_of(reduced);
    union {
        double d[SIDE_BY_SIDE];
        int32_t i[SIDE_BY_SIDE];
    } sums;

    w->r->begin_each(&sums, n.n);
    for (int64_t i = 0; i < reduced->count; i += run)
        w->r->add_each(w->kernels, &sums,
                       w->x + (size_t)(n.from + dp_axes_at(reduced, i)) * w->in_size, run, step,
                       n.n);
    w->r->end_each(&sums, n.n, w->p->reduced.count, w->out + (size_t)n.first * w->out_size);
}

void dp_reduce_run(const dp_reduce *p, const dp_reducer *reducers, size_t n,
                   const dp_op_run_args *a)
{
    walk w = {p,
              reducers,
              a->kernels,
              a->workspace,
              a->in[0].data,
              a->out[0].data,
              dp_dtype_size(a->in[0].dtype),
              dp_dtype_size(a->out[0].dtype)};

    for (size_t i = 0; i < n && w.r->dtype != a->in[0].dtype; i++)
        w.r++;
    if (w.r->close != NULL && blocks_of_run(p) > 0)
        reduce_blocks(&w, a->workers);
    else if (w.r->rows != NULL && are_rows(p))
        dp_workers_run(a->workers, tasks_of(p), reduce_rows, &w);
    else if (p->inner == 1)
        dp_workers_run(a->workers, tasks_of(p), reduce_runs, &w);
    else
        dp_workers_run(a->workers, neighbour_tasks(p), reduce_each, &w);
}

/* ---- backward ---- */

typedef struct spread {
    const dp_reduce *p;
    dp_reduce_gradient *f;
    const float *dy, *x, *y;
    float *dx;
} spread;

/* The elements of an output, in runs. */
static void spread_run(const void *ctx, int64_t o)
{
    const spread *s = ctx;
    const dp_axes *reduced = &s->p->reduced;
    const int64_t run = run_of(reduced), from = dp_axes_at(&s->p->kept, o);

    for (int64_t i = 0; i < reduced->count; i += run) {
        const int64_t at = from + dp_axes_at(reduced, i);
        s->f(run, s->dy + o, 0, s->x + at, reduced->count, s->dx + at);
    }
}

static void spread_runs(void *ctx, uint64_t task)
{
    each_output(((const spread *)ctx)->p, task, spread_run, ctx);
}

/* Neighbours among the outputs, side by side. */
static void spread_each(void *ctx, uint64_t index)
{
    const spread *s = ctx;
    const neighbours n = neighbours_of(s->p, index);

    for (int64_t i = 0; i < s->p->reduced.count; i++) {
        const int64_t at = n.from + dp_axes_at(&s->p->reduced, i);
        s->f(n.n, s->dy + n.first, 1, s->x + at, s->p->reduced.count, s->dx + at);
    }
}

void dp_reduce_run_backward(const dp_reduce *p, dp_reduce_gradient *f, const dp_op_run_args *a)
{
    spread s = {p, f, a->in[0].data, a->in[1].data, NULL, a->out[0].data};

    if (p->inner == 1)
        dp_workers_run(a->workers, tasks_of(p), spread_runs, &s);
    else
        dp_workers_run(a->workers, neighbour_tasks(p), spread_each, &s);
}

/* ---- backward of what takes one of the elements ---- */

static bool is_equal(float x, float y) { return x == y || (x != x && y != y); }

static void share_one(const void *ctx, int64_t o)
{
    const spread *s = ctx;
    const dp_axes *reduced = &s->p->reduced;
    const int64_t from = dp_axes_at(&s->p->kept, o), run = run_of(reduced), step = step_of(reduced);
    int64_t equals = 0;

    for (int64_t i = 0; i < reduced->count; i += run) {
        const float *x = s->x + from + dp_axes_at(reduced, i);
        for (int64_t j = 0; j < run; j++)
            equals += is_equal(x[j * step], s->y[o]);
    }
    for (int64_t i = 0; i < reduced->count; i += run) {
        const int64_t at = from + dp_axes_at(reduced, i);
        for (int64_t j = 0; j < run; j++)
            s->dx[at + j * step] = is_equal(s->x[at + j * step], s->y[o])
                                       ? (float)((double)s->dy[o] / (double)equals)
                                       : 0.0f;
    }
}

static void share_some(void *ctx, uint64_t task)
{
    each_output(((const spread *)ctx)->p, task, share_one, ctx);
}

dp_status dp_reduce_share_backward(const void *params, const dp_op_run_args *a, dp_error *err)
{
    const dp_reduce *p = params;
    spread s = {p, NULL, a->in[0].data, a->in[1].data, a->in[2].data, a->out[0].data};

    (void)err;
    dp_workers_run(a->workers, tasks_of(p), share_some, &s);
    return DP_OK;
}
