/* strided_slice.c - every so many elements of each axis
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Copies alone, of any dtype.  Backward: +0, then dy at the places that were taken: each is taken
 * once.  Masks as in MindSpore: bit i is entry i of begin, end and strides.
 */
#include <string.h>

#include "compute/ops/operator.h"

typedef struct strided_slice {
    dp_ints begin, end, strides;
    int64_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
    int64_t first; /* element of x that is the first of y */
    int32_t rank;  /* of what is taken, an axis of x each */
    int64_t size[DP_MAX_RANK], step[DP_MAX_RANK];
} strided_slice;

#define FAR 9e15

static const dp_param params[] = {
    DP_INTS(strided_slice, begin, NULL, -FAR, FAR, "first of each axis; negative: from the end"),
    DP_INTS(strided_slice, end, NULL, -FAR, FAR, "one past the last of each axis"),
    DP_INTS(strided_slice, strides, "", -FAR, FAR, "from one to the next, not 0; none = 1"),
    DP_INT(strided_slice, begin_mask, "0", 0, 65535, "entries without a begin"),
    DP_INT(strided_slice, end_mask, "0", 0, 65535, "entries without an end"),
    DP_INT(strided_slice, ellipsis_mask, "0", 0, 65535, "the entry that is all axes in between"),
    DP_INT(strided_slice, new_axis_mask, "0", 0, 65535, "entries that are a new axis of size 1"),
    DP_INT(strided_slice, shrink_axis_mask, "0", 0, 65535, "entries that are one element"),
    DP_PARAMS_END,
};

static bool has(int64_t mask, int32_t i) { return (mask >> i & 1) != 0; }

static dp_status check_entries(const strided_slice *p, int32_t rank, dp_error *err)
{
    int32_t taken = 0, ellipses = 0;

    if (p->end.n != p->begin.n || (p->strides.n != 0 && p->strides.n != p->begin.n))
        return dp_fail(err, DP_EINVAL, "begin, end and strides differ in length");
    for (int32_t i = 0; i < p->begin.n; i++) {
        if (p->strides.n != 0 && p->strides.v[i] == 0)
            return dp_fail(err, DP_EINVAL, "a stride is 0");
        ellipses += has(p->ellipsis_mask, i);
        taken += !has(p->ellipsis_mask, i) && !has(p->new_axis_mask, i);
    }
    if (ellipses > 1)
        return dp_fail(err, DP_EINVAL, "ellipsis_mask has more than one bit");
    if (taken > rank)
        return dp_fail(err, DP_EINVAL, "%d axes of a tensor of rank %d", taken, rank);
    return rank + p->begin.n - ellipses - taken <= DP_MAX_RANK
               ? DP_OK
               : dp_fail(err, DP_ELIMIT, "more than %d axes", DP_MAX_RANK);
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Entry i on an axis: its first element, step and count. */
static dp_status take(const strided_slice *p, int32_t i, int64_t size, int64_t *first,
                      int64_t *step, int64_t *count, dp_error *err)
{
    const int64_t s = p->strides.n == 0 ? 1 : p->strides.v[i];
    const int64_t low = s > 0 ? 0 : -1, high = s > 0 ? size : size - 1;
    int64_t b = p->begin.v[i] < 0 ? p->begin.v[i] + size : p->begin.v[i];
    int64_t e = p->end.v[i] < 0 ? p->end.v[i] + size : p->end.v[i];

    if (has(p->shrink_axis_mask, i)) {
        *first = b;
        *step = *count = 1;
        return b >= 0 && b < size ? DP_OK
                                  : dp_fail(err, DP_EINVAL, "element %lld of an axis of %lld",
                                            (long long)p->begin.v[i], (long long)size);
    }
    b = has(p->begin_mask, i) ? (s > 0 ? 0 : size - 1) : clamp(b, low, high);
    e = has(p->end_mask, i) ? (s > 0 ? size : -1) : clamp(e, low, high);
    *first = b;
    *step = s;
    *count = s > 0 ? (e > b ? (e - b - 1) / s + 1 : 0) : (b > e ? (b - e - 1) / -s + 1 : 0);
    return DP_OK;
}

static void add_axis(strided_slice *p, int64_t first, int64_t step, int64_t count, int64_t stride)
{
    p->first += first * stride;
    p->size[p->rank] = count;
    p->step[p->rank++] = step * stride;
}

static dp_status plan_slice(strided_slice *p, const dp_tensor *x, dp_tensor *y, dp_error *err)
{
    int64_t stride = (int64_t)dp_tensor_count(x), first, step, count;
    int32_t axis = 0, left = 0;
    dp_status status = check_entries(p, x->rank, err);

    for (int32_t i = 0; i < p->begin.n; i++)
        left += !has(p->ellipsis_mask, i) && !has(p->new_axis_mask, i);
    *y = (dp_tensor){.dtype = x->dtype};
    p->first = p->rank = 0;
    for (int32_t i = 0; status == DP_OK && i <= p->begin.n; i++) {
        const bool rest = i == p->begin.n || has(p->ellipsis_mask, i);
        if (!rest && has(p->new_axis_mask, i)) {
            y->shape[y->rank++] = 1;
            continue;
        }
        for (int32_t n = rest ? x->rank - axis - left : 1; n > 0 && status == DP_OK; n--, axis++) {
            const int64_t size = x->shape[axis];
            stride = size > 0 ? stride / size : 0;
            first = 0, step = 1, count = size;
            if (!rest)
                status = take(p, i, size, &first, &step, &count, err);
            if (status != DP_OK)
                break;
            add_axis(p, first, step, count, stride);
            if (rest || !has(p->shrink_axis_mask, i))
                y->shape[y->rank++] = count;
            left -= !rest;
        }
    }
    return status;
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    plan->n_out = 1;
    return plan_slice(params_, &plan->in[0], &plan->out[0], err);
}

/* dy, and x for its shape. */
static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    dp_tensor y;
    const dp_status status = plan_slice(params_, &plan->in[1], &y, err);

    plan->n_out = 1;
    plan->out[0] = plan->in[1];
    return status == DP_OK ? dp_op_expect_type(plan, 0, &y, err) : status;
}

/* ---- between what was taken and the whole ---- */

#define BYTES ((int64_t)65536) /* of a task, about */

typedef struct copying {
    const strided_slice *p;
    int64_t rows, run, step; /* a row: so many elements, at such steps */
    size_t size;             /* of an element */
    char *taken, *whole;
    bool back;
} copying;

static int64_t rows_of_task(const copying *c)
{
    const int64_t n = BYTES / (c->run * (int64_t)c->size + 1);
    return n > 0 ? n : 1;
}

static void move(const copying *c, char *taken, char *whole, size_t n)
{
    memcpy(c->back ? whole : taken, c->back ? taken : whole, n);
}

static void copy_row(const copying *c, int64_t row)
{
    const strided_slice *p = c->p;
    char *taken = c->taken + row * c->run * (int64_t)c->size;
    int64_t at = p->first;

    for (int32_t d = p->rank - 2; d >= 0; row /= p->size[d], d--)
        at += row % p->size[d] * p->step[d];
    if (c->step == 1) {
        move(c, taken, c->whole + at * (int64_t)c->size, (size_t)c->run * c->size);
        return;
    }
    for (int64_t i = 0; i < c->run; i++, at += c->step, taken += c->size)
        move(c, taken, c->whole + at * (int64_t)c->size, c->size);
}

static void copy_rows(void *ctx, uint64_t task)
{
    const copying *c = ctx;
    const int64_t n = rows_of_task(c), first = (int64_t)task * n;

    for (int64_t row = first; row < first + n && row < c->rows; row++)
        copy_row(c, row);
}

static void copy(const strided_slice *p, const dp_op_run_args *a, char *taken, char *whole,
                 bool back)
{
    const int32_t last = p->rank - 1;
    copying c = {.p = p,
                 .rows = 1,
                 .run = p->rank > 0 ? p->size[last] : 1,
                 .step = p->rank > 0 ? p->step[last] : 1,
                 .size = dp_dtype_size(a->in[0].dtype),
                 .taken = taken,
                 .whole = whole,
                 .back = back};

    for (int32_t d = 0; d < last; d++)
        c.rows *= p->size[d];
    if (c.rows > 0 && c.run > 0)
        dp_workers_run(a->workers, (uint64_t)((c.rows + rows_of_task(&c) - 1) / rows_of_task(&c)),
                       copy_rows, &c);
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    (void)err;
    copy(params_, a, a->out[0].data, a->in[0].data, false);
    return DP_OK;
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    (void)err;
    memset(a->out[0].data, 0, dp_tensor_bytes(&a->out[0]));
    copy(params_, a, a->in[0].data, a->out[0].data, true);
    return DP_OK;
}

#define EXAMPLE                                                                                    \
    "strided_slice begin=1,0,-1,2 end=9,0,-5,0 strides=3,1,-2,1 ellipsis_mask=2 "                  \
    "new_axis_mask=8"

const dp_operator dp_operator_strided_slice = {
    .info = {{"operator", "strided_slice", "every so many elements of each axis", 1,
              sizeof(strided_slice), params},
             "StridedSliceGrad",
             "no sum: each element is copied once",
             {{"x", "y"}, {"dy,x", "dx"}}},
    .part =
        {{plan, run, EXAMPLE, {DP_FLOATS(3, 8, 3, 7)}},
         {plan_backward, run_backward, EXAMPLE, {DP_FLOATS(4, 3, 3, 2, 1), DP_FLOATS(3, 8, 3, 7)}}},
};
