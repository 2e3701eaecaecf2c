/* all_reduce.c - one tensor of the same one of every shard
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: shards are leaves, whoever holds them: TREE over them in binary32, element by
 * element, for sum and prod; integers of the numbers' order for max and min
 * (base/number/total_order.h). In a group each rank has a run of the shards, in the order of the
 * ranks; all of them are sent to all, so that nothing depends on how many ranks there are.
 */
#include <string.h>

#include "base/number/total_order.h"
#include "compute/ops/operator.h"
#include "compute/sums/share.h"
#include "compute/sums/tree.h"

enum { SUM, PROD, MAX, MIN };

typedef struct all_reduce {
    int32_t op;
    int64_t shards, count; /* of all ranks; elements of one */
    int64_t own;           /* shards of this rank */
    const dp_group *group;
} all_reduce;

static const dp_param params[] = {
    DP_CHOICE(all_reduce, op, "sum", "sum,prod,max,min", "what is made of the elements"),
    DP_PARAMS_END,
};

/* How many shards all ranks have. */
static dp_status count_shards(all_reduce *p, dp_error *err)
{
    dp_status status = DP_OK;

    for (uint32_t r = 0; r < p->group->ranks && status == DP_OK; r++) {
        int64_t theirs = p->own;
        const dp_transfer t[2] = {{r, 1, &p->own, sizeof p->own}, {r, 0, &theirs, sizeof theirs}};
        if (r != p->group->rank)
            status = dp_group_transfer(p->group, t, 2, err);
        p->shards += theirs;
    }
    return status;
}

/* Ranks that are alike but for how many shards they have. */
static dp_status plan_group(all_reduce *p, dp_op_plan *plan, dp_error *err)
{
    const int64_t what[2] = {p->op, p->count};
    uint8_t digest[16];
    dp_status status;

    p->group = plan->group;
    p->shards = 0;
    dp_digest(what, sizeof what, digest);
    status = dp_group_check(p->group, digest, "all_reduce (op, elements of a shard)", err);
    if (status == DP_OK)
        status = count_shards(p, err);
    plan->workspace = sizeof(int64_t) * p->group->ranks + sizeof(dp_transfer) * 2 * p->group->ranks;
    if (status == DP_OK && (double)p->shards * (double)p->count > (double)DP_OP_MOST / 4)
        return dp_fail(err, DP_ELIMIT, "the shards are more than 2^38 elements");
    plan->workspace += dp_floats(p->shards * p->count);
    return status;
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    all_reduce *p = params_;
    const dp_tensor *x = &plan->in[0];
    const dp_status status = dp_op_expect(plan, 0, DP_F32, -1, err);

    if (status != DP_OK)
        return status;
    if (x->rank < 1 || x->shape[0] < 1)
        return dp_fail(err, DP_EINVAL, "x is float32[shards, ...], a shard at least");
    p->shards = p->own = x->shape[0];
    p->count = (int64_t)dp_tensor_count(x) / p->shards;
    plan->out[0] = (dp_tensor){.dtype = DP_F32, .rank = x->rank - 1};
    memcpy(plan->out[0].shape, x->shape + 1, sizeof x->shape[0] * (size_t)(x->rank - 1));
    plan->n_out = 1;
    return plan->group == NULL ? DP_OK : plan_group(p, plan, err);
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

/* Sends n bytes of `mine` to every peer, and takes counts[r] times `unit` bytes from each. */
static dp_status exchange(const dp_group *g, dp_transfer *transfers, const void *mine, size_t n,
                          char *all, const int64_t *counts, size_t unit, dp_error *err)
{
    size_t at = 0, used = 0;

    for (uint32_t r = 0; r < g->ranks; r++) {
        const size_t theirs = unit * (size_t)(counts != NULL ? counts[r] : 1);
        if (r == g->rank)
            memcpy(all + at, mine, n);
        else {
            transfers[used++] = (dp_transfer){r, 1, (void *)(uintptr_t)mine, n};
            transfers[used++] = (dp_transfer){r, 0, all + at, theirs};
        }
        at += theirs;
    }
    return dp_group_transfer(g, transfers, used, err);
}

/* Every shard of every rank, in the order of the ranks. */
static dp_status gather(const all_reduce *p, const dp_op_run_args *a, const float **shards,
                        dp_error *err)
{
    dp_transfer *transfers = a->workspace;
    int64_t *counts = (int64_t *)(void *)(transfers + 2 * p->group->ranks);
    float *all = (float *)(void *)(counts + p->group->ranks);
    dp_status status = exchange(p->group, transfers, &p->own, sizeof p->own, (char *)counts, NULL,
                                sizeof p->own, err);

    if (status == DP_OK)
        status = exchange(p->group, transfers, a->in[0].data, dp_floats(p->own * p->count),
                          (char *)all, counts, dp_floats(p->count), err);
    *shards = all;
    return status;
}

#define PIECE 1024 /* elements of a task */

typedef struct reducing {
    const all_reduce *params;
    const float *shards;
    float *out;
} reducing;

static void reduce_piece(void *ctx, uint64_t index)
{
    const reducing *t = ctx;
    const all_reduce *p = t->params;
    const int64_t first = (int64_t)index * PIECE, left = p->count - first;
    const int64_t n = left < PIECE ? left : PIECE;
    float tree[DP_TREE_LEVELS][PIECE];
    int64_t depth = 0;

    for (int64_t shard = 0; shard < p->shards; shard++) {
        memcpy(tree[depth++], t->shards + shard * p->count + first, dp_floats(n));
        for (int m = dp_tree_merges(shard); m > 0; m--, depth--)
            merge(p->op, n, tree[depth - 2], tree[depth - 1]);
    }
    for (; depth > 1; depth--)
        merge(p->op, n, tree[depth - 2], tree[depth - 1]);
    memcpy(t->out + first, tree[0], dp_floats(n));
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const all_reduce *p = params_;
    reducing task = {p, a->in[0].data, a->out[0].data};
    const dp_status status = p->group != NULL ? gather(p, a, &task.shards, err) : DP_OK;

    if (status == DP_OK)
        dp_workers_run(a->workers, (uint64_t)((p->count + PIECE - 1) / PIECE), reduce_piece, &task);
    return status;
}

const dp_operator dp_operator_all_reduce = {
    .info = {{"operator", "all_reduce", "one tensor of the same one of every shard", 1,
              sizeof(all_reduce), params},
             "HcomAllreduce",
             "TREE over shards, element by element; max and min are free",
             {{"x", "y"}}},
    .part = {{plan, run, "all_reduce", {DP_FLOATS(2, 7, 41)}}},
};
