/* operator.c - the calls of detpipe_ops.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/handle.h"
#include "compute/ops/operator.h"
#include "compute/sums/share.h"

struct dp_op {
    dp_handle handle;
    dp_workers *workers;
    const dp_kernels *kernels;
    const dp_operator *operator;
    const dp_op_part *part;
    void *params;
    dp_tensor in[DP_OP_INPUTS];
    size_t n_in;
    dp_tensor out[DP_OP_OUTPUTS];
    size_t n_out;
    void *workspace;
};

#define DP_OPERATOR(name) extern const dp_operator dp_operator_##name;
#include "compute/ops/list.def"
#undef DP_OPERATOR

#define DP_OPERATOR(name) &dp_operator_##name.info,
static const dp_op_info *const infos[] = {
#include "compute/ops/list.def"
};
#undef DP_OPERATOR
#define N_OPERATORS (sizeof infos / sizeof infos[0])

#define DP_OPERATOR(name) &dp_operator_##name.info.stage,
static const dp_stage_info *const stages[] = {
#include "compute/ops/list.def"
};
#undef DP_OPERATOR

const dp_op_info *const *dp_ops(size_t *count)
{
    if (count != NULL)
        *count = N_OPERATORS;
    return infos;
}

/* ---- checks of inputs ---- */

const char *dp_op_name(const char *names, size_t i, char out[DP_OP_NAME])
{
    size_t n;

    for (; i > 0; i--)
        names += strcspn(names, ",") + 1;
    n = strcspn(names, ",");
    memcpy(out, names, n);
    out[n] = '\0';
    return out;
}

size_t dp_op_names(const char *names)
{
    size_t n = 1;

    for (; *names != '\0'; names++)
        n += *names == ',';
    return n;
}

static const char *input_name(const dp_op_plan *p, size_t i, char out[DP_OP_NAME])
{
    return dp_op_name(p->info->side[p->direction].inputs, i, out);
}

dp_status dp_op_expect(const dp_op_plan *p, size_t i, dp_dtype dtype, int32_t rank, dp_error *err)
{
    char name[DP_OP_NAME];

    if (p->in[i].dtype == dtype && (rank < 0 || p->in[i].rank == rank))
        return DP_OK;
    if (rank < 0)
        return dp_fail(err, DP_EINVAL, "%s is %s: %s is expected", input_name(p, i, name),
                       dp_tensor_type(&p->in[i]).text, dp_dtype_name(dtype));
    return dp_fail(err, DP_EINVAL, "%s is %s: %s of rank %d is expected", input_name(p, i, name),
                   dp_tensor_type(&p->in[i]).text, dp_dtype_name(dtype), rank);
}

dp_status dp_op_expect_type(const dp_op_plan *p, size_t i, const dp_tensor *type, dp_error *err)
{
    char name[DP_OP_NAME];

    return dp_tensor_same_type(&p->in[i], type)
               ? DP_OK
               : dp_fail(err, DP_EINVAL, "%s is %s: %s is expected", input_name(p, i, name),
                         dp_tensor_type(&p->in[i]).text, dp_tensor_type(type).text);
}

dp_status dp_op_plan_gradients(dp_op_plan *plan, const dp_tensor *y, dp_error *err)
{
    plan->out[0] = plan->in[1];
    plan->out[1] = plan->in[2];
    plan->n_out = 2;
    return dp_op_expect_type(plan, 0, y, err);
}

dp_status dp_op_check_leaf(int64_t leaf_size, dp_error *err)
{
    return (leaf_size & (leaf_size - 1)) == 0
               ? DP_OK
               : dp_fail(err, DP_EINVAL, "leaf_size %lld is not a power of two",
                         (long long)leaf_size);
}

dp_status dp_op_check_leaves(int64_t n, int64_t leaf_size, dp_error *err)
{
    if (n / leaf_size >= DP_MAX_LEAVES)
        return dp_fail(err, DP_ELIMIT, "a batch has at most %d leaves: raise leaf_size",
                       DP_MAX_LEAVES);
    return dp_op_check_leaf(leaf_size, err);
}

/* ---- open, run, close ---- */

static dp_status check_inputs(dp_op *op, dp_direction direction, const dp_tensor *inputs, size_t n,
                              dp_error *err)
{
    const dp_op_side *side = &op->operator->info.side[direction];
    char name[DP_OP_NAME];

    if (op->part->plan == NULL)
        return dp_fail(err, DP_EINVAL, "there is no backward direction");
    op->n_in = dp_op_names(side->inputs);
    if (n != op->n_in)
        return dp_fail(err, DP_EINVAL, "takes %zu inputs (%s), not %zu", op->n_in, side->inputs, n);
    for (size_t i = 0; i < n; i++) {
        const dp_tensor *t = &inputs[i];
        const dp_status status = dp_tensor_check(t, dp_op_name(side->inputs, i, name), err);
        if (status != DP_OK)
            return status;
        if (dp_tensor_count(t) > DP_OP_MOST)
            return dp_fail(err, DP_ELIMIT, "%s has more than 2^40 elements", name);
        op->in[i] = *t;
        op->in[i].data = NULL;
    }
    return DP_OK;
}

static dp_status bind(dp_op *op, const char *text, dp_error *err)
{
    const dp_stage_list list = {"operator", stages, N_OPERATORS};
    dp_bound bound;
    const dp_status status =
        dp_stage_read(&list, text, &op->handle.options, &op->handle.arena, &bound, err);

    if (status == DP_OK) {
        op->operator=(const dp_operator *) bound.info;
        op->params = bound.params;
    }
    return status;
}

static dp_status plan(dp_op *op, dp_direction direction, dp_error *err)
{
    dp_op_plan p = {.info = &op->operator->info,
                    .direction = direction,
                    .kernels = op->kernels,
                    .threads = op->handle.options.threads,
                    .group = op->handle.options.group,
                    .in = op->in,
                    .n_in = op->n_in};
    const dp_status status = op->part->plan(op->params, &p, err);

    if (status != DP_OK)
        return status;
    op->n_out = p.n_out;
    for (size_t i = 0; i < p.n_out; i++) {
        op->out[i] = p.out[i];
        if (!dp_tensor_fits(&op->out[i]) || dp_tensor_count(&op->out[i]) > DP_OP_MOST)
            return dp_fail(err, DP_ELIMIT, "an output would have more than 2^40 elements");
        op->out[i].data = dp_arena_alloc(&op->handle.arena, dp_tensor_bytes(&op->out[i]) + 1, 1);
        if (op->out[i].data == NULL)
            return dp_arena_fail(&op->handle.arena, err, "an output");
    }
    op->workspace = dp_arena_alloc(&op->handle.arena, p.workspace | 1, 1);
    return op->workspace != NULL ? DP_OK : dp_arena_fail(&op->handle.arena, err, "an operator");
}

static dp_status open_op(dp_op *op, const char *text, dp_direction direction,
                         const dp_tensor *inputs, size_t n_inputs, dp_error *err)
{
    dp_cpu_level level;
    dp_status status = dp_cpu_level_get(op->handle.options.cpu, &level, err);

    if (status == DP_OK)
        status = bind(op, text, err);
    if (status != DP_OK)
        return status;
    op->kernels = dp_kernels_of(level);
    op->part = &op->operator->part[direction];
    status = check_inputs(op, direction, inputs, n_inputs, err);
    if (status == DP_OK)
        status = plan(op, direction, err);
    status = dp_stage_failed(&op->operator->info.stage, 0, status, err);
    if (status == DP_OK)
        status = dp_workers_open(&op->workers, op->handle.options.threads, &op->handle.arena, err);
    return status;
}

dp_status dp_op_open(dp_op **out, const char *text, dp_direction direction, const dp_tensor *inputs,
                     size_t n_inputs, const dp_options *given, dp_error *err)
{
    dp_handle *handle;
    dp_status status;
    dp_op *op;

    if (out == NULL || text == NULL || inputs == NULL ||
        (direction != DP_FORWARD && direction != DP_BACKWARD))
        return dp_fail(err, DP_EINVAL, "dp_op_open: %s",
                       out == NULL      ? "out is NULL"
                       : text == NULL   ? "text is NULL"
                       : inputs == NULL ? "inputs is NULL"
                                        : "there is no such direction");
    status = dp_handle_open(&handle, sizeof *op, "an operator", given, err);
    if (status != DP_OK)
        return status;
    op = (dp_op *)handle;
    status = dp_handle_leave(handle, open_op(op, text, direction, inputs, n_inputs, err));
    if (status == DP_OK)
        *out = op;
    else
        dp_op_close(op);
    return status;
}

void dp_op_close(dp_op *op)
{
    if (op == NULL)
        return;
    if (dp_handle_is_ours(&op->handle))
        dp_workers_close(op->workers);
    dp_handle_close(&op->handle);
}

const dp_tensor *dp_op_output(const dp_op *op, size_t index)
{
    return op != NULL && index < op->n_out ? &op->out[index] : NULL;
}

/* The inputs of a run against those that it was opened with. */
static dp_status check_again(const dp_op *op, const dp_tensor *inputs, dp_error *err)
{
    const dp_op_side *side = &op->operator->info.side[op->part - op->operator->part];
    char name[DP_OP_NAME];

    for (size_t i = 0; i < op->n_in; i++) {
        const dp_status status =
            dp_tensor_check_data(&inputs[i], dp_op_name(side->inputs, i, name), err);
        if (status != DP_OK)
            return status;
        if (!dp_tensor_same_type(&inputs[i], &op->in[i]))
            return dp_fail(err, DP_EINVAL, "%s is %s: it was opened with %s", name,
                           dp_tensor_type(&inputs[i]).text, dp_tensor_type(&op->in[i]).text);
    }
    return DP_OK;
}

static dp_status run(dp_op *op, const dp_tensor *inputs, dp_error *err)
{
    dp_status status = check_again(op, inputs, err);

    if (status == DP_OK)
        status = op->part->run(
            op->params, &(dp_op_run_args){inputs, op->out, op->workers, op->kernels, op->workspace},
            err);
    return dp_stage_failed(&op->operator->info.stage, 0, status, err);
}

dp_status dp_op_run(dp_op *op, const dp_tensor *inputs, dp_error *err)
{
    dp_status status;

    if (op == NULL || inputs == NULL)
        return dp_fail(err, DP_EINVAL, "dp_op_run: %s is NULL", op == NULL ? "op" : "inputs");
    status = dp_handle_enter(&op->handle, err);
    return status == DP_OK ? dp_handle_leave(&op->handle, run(op, inputs, err)) : status;
}
