/* all_reduce.c - one tensor of the same one of every shard
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: shards are leaves, whoever holds them: TREE over them in binary32, element by
 * element, for sum and prod; integers of the numbers' order for max and min (compute/ops/order.h).
 * So nothing depends on the number of ranks, and parts may be sent in pieces of any size.
 */
#include <string.h>

#include "compute/ops/operator.h"
#include "compute/ops/order.h"
#include "compute/tree.h"

enum { SUM, PROD, MAX, MIN };

typedef struct all_reduce {
    int32_t op;
    int64_t shards, count; /* elements of one */
} all_reduce;

static const dp_param params[] = {
    DP_CHOICE(all_reduce, op, "sum", "sum,prod,max,min", "what is made of the elements"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    all_reduce *p = params_;
    const dp_tensor *x = &plan->in[0];
    const dp_status status = dp_op_expect(plan, 0, DP_F32, -1, err);

    if (status != DP_OK)
        return status;
    if (x->rank < 1 || x->shape[0] < 1)
        return dp_fail(err, DP_EINVAL, "all_reduce: x is float32[shards, ...], a shard at least");
    p->shards = x->shape[0];
    p->count = (int64_t)dp_tensor_count(x) / p->shards;
    plan->out[0] = (dp_tensor){.dtype = DP_F32, .rank = x->rank - 1};
    memcpy(plan->out[0].shape, x->shape + 1, sizeof x->shape[0] * (size_t)(x->rank - 1));
    plan->n_out = 1;
    return DP_OK;
}

static void merge(int32_t op, int64_t n, float *left, const float *right)
{
    for (int64_t i = 0; i < n; i++) {
        switch (op) {
        case SUM: left[i] += right[i]; break;
        case PROD: left[i] *= right[i]; break;
        case MAX: left[i] = dp_order_max(left[i], right[i]); break;
        default: left[i] = dp_order_min(left[i], right[i]);
        }
    }
}

#define PIECE 1024 /* elements of a task */

static void reduce_piece(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const all_reduce *p = ((const dp_op_task *)ctx)->params;
    const int64_t first = (int64_t)index * PIECE, left = p->count - first;
    const int64_t n = left < PIECE ? left : PIECE;
    float tree[DP_TREE_LEVELS][PIECE];
    int64_t depth = 0;

    for (int64_t shard = 0; shard < p->shards; shard++) {
        memcpy(tree[depth++], (const float *)a->in[0].data + shard * p->count + first,
               dp_floats(n));
        for (int m = dp_tree_merges(shard); m > 0; m--, depth--)
            merge(p->op, n, tree[depth - 2], tree[depth - 1]);
    }
    for (; depth > 1; depth--)
        merge(p->op, n, tree[depth - 2], tree[depth - 1]);
    memcpy((float *)a->out[0].data + first, tree[0], dp_floats(n));
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const all_reduce *p = params_;
    dp_op_task task = {params_, a, false};

    (void)err;
    dp_workers_run(a->workers, (uint64_t)((p->count + PIECE - 1) / PIECE), reduce_piece, &task);
    return DP_OK;
}

const dp_operator dp_operator_all_reduce = {
    .info = {{"operator", "all_reduce", "one tensor of the same one of every shard", 1, params},
             "HcomAllreduce",
             "TREE over shards, element by element; max and min are free",
             {{"x", "y"}}},
    .size = sizeof(all_reduce),
    .part = {{plan, run, "all_reduce", {DP_FLOATS(2, 7, 41)}}},
};
