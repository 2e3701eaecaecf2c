/* distributed_sampler.c - every num_shards-th row of an order that all shards share
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Place j of a shard is place v = num_shards * j + shard_id - offset of the common order; past the
 * end it starts again, so that shards are equally long.  A row's ordinal is v: a row is augmented
 * the same whichever shard delivers it.  order=native shuffles by dp_shuffle_native, one Philox
 * stream an epoch; order=mindspore shuffles the order of the epoch before with the seeds seed + 1,
 * seed + 2, ...; order=torch is torch.utils.data.DistributedSampler with set_epoch: randperm of
 * seed + epoch.
 */
#include "base/random/std_random.h"
#include "pipeline/order/branch.h"
#include "pipeline/order/permute.h"
#include "pipeline/order/tables.h"

typedef struct distributed_sampler {
    int64_t num_shards, shard_id, num_samples, offset;
    bool shuffle, empty;
    int32_t order;
    uint32_t *permutation; /* of order=mindspore */
    dp_tables tables;
} distributed_sampler;

static const dp_param params[] = {
    DP_INT(distributed_sampler, num_shards, NULL, 1, 2147483647, "parts of the data set"),
    DP_INT(distributed_sampler, shard_id, NULL, 0, 2147483646, "the part delivered here"),
    DP_BOOLEAN(distributed_sampler, shuffle, "true", "in a random order, another one each epoch"),
    DP_INT(distributed_sampler, num_samples, "0", 0, 9e15, "most rows of the part; 0 for all"),
    DP_INT(distributed_sampler, offset, "-1", -1, 2147483647,
           "the shard that gets row 0, none padded then; -1: shard 0, and all equally long"),
    DP_CHOICE(distributed_sampler, order, "native", "native,mindspore,torch", "whose random order"),
    DP_PARAMS_END,
};

static dp_status check(const dp_node *node, const distributed_sampler *p, dp_error *err)
{
    const char *name = "distributed_sampler";

    if (p->shard_id >= p->num_shards)
        return dp_fail(err, DP_ESPEC, "%s: shard_id=%lld of num_shards=%lld: they count from 0",
                       name, (long long)p->shard_id, (long long)p->num_shards);
    if (p->offset > p->num_shards)
        return dp_fail(err, DP_ESPEC, "%s: offset=%lld is more than num_shards=%lld", name,
                       (long long)p->offset, (long long)p->num_shards);
    if (node->below == 0)
        return dp_fail(err, DP_ESPEC, "%s: there are no rows to deal out", name);
    if (p->order == DP_TORCH && (p->offset != -1 || p->num_samples != 0))
        return dp_fail(err, DP_ESPEC, "%s: PyTorch's has no num_samples and no offset", name);
    if (p->order == DP_MINDSPORE && node->seed == UINT32_MAX)
        return dp_fail(err, DP_ESPEC, "%s: MindSpore fails with seed 2^32 - 1", name);
    if (p->order == DP_MINDSPORE && node->claimed_below != node->below)
        return dp_fail(err, DP_ESPEC,
                       "%s: MindSpore fails here: it takes the %llu rows below for %llu", name,
                       (unsigned long long)node->below, (unsigned long long)node->claimed_below);
    /* a seed that means "none" elsewhere is used as it is here */
    return p->order == DP_MINDSPORE && node->seed <= UINT32_MAX
               ? DP_OK
               : dp_check_manner(name, p->order, node->seed, err);
}

/* num_samples caps the shard, not the data set. */
static uint64_t cap(const dp_node *node, const distributed_sampler *p)
{
    const uint64_t given = (uint64_t)p->num_samples;

    return given == 0 || given > node->below ? node->below : given;
}

static uint64_t shard_length(const dp_node *node, const distributed_sampler *p)
{
    const uint64_t n = node->below, shards = (uint64_t)p->num_shards, id = (uint64_t)p->shard_id;
    uint64_t length = n / shards + (n % shards != 0);

    if (p->offset != -1) {
        const uint64_t spread = n + (uint64_t)p->offset;
        length = spread / shards + (id < spread % shards) - (id < (uint64_t)p->offset);
    }
    return length < cap(node, p) ? length : cap(node, p);
}

/* MindSpore delivers row 0 of the reader for an empty shard. */
static dp_status plan_empty(dp_node *node, distributed_sampler *p, dp_error *err)
{
    if (node != node->branch->nodes)
        return dp_fail(err, DP_ESPEC,
                       "distributed_sampler: shard %lld is empty, and what MindSpore delivers then "
                       "is replayed right behind the reader only",
                       (long long)p->shard_id);
    node->length = 1;
    p->empty = true;
    return DP_OK;
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    distributed_sampler *p = node->params;
    dp_status status = dp_check_rows("distributed_sampler", node, err);

    if (status == DP_OK)
        status = check(node, p, err);
    if (status != DP_OK)
        return status;
    node->length = shard_length(node, p);
    node->claims = p->order == DP_MINDSPORE ? cap(node, p) : node->length;
    if (node->length == 0 && p->order == DP_MINDSPORE)
        return plan_empty(node, p, err);
    if (!p->shuffle)
        return DP_OK;
    p->permutation = dp_arena_alloc(arena, (size_t)node->below, sizeof *p->permutation);
    if (p->permutation == NULL)
        return dp_arena_fail(arena, err, "the order of a distributed_sampler");
    return dp_tables_plan(&p->tables, node, node->below, sizeof(uint32_t), arena, err);
}

/* MindSpore's first seed is seed + 1, but where that means "the global seed" to it. */
static uint32_t mindspore_seed(const dp_node *node, uint64_t epoch)
{
    const uint32_t first = (uint32_t)node->seed + 1;

    return (first == UINT32_MAX ? (uint32_t)node->seed : first) + (uint32_t)epoch;
}

static void start(dp_node *node)
{
    dp_identity(((distributed_sampler *)node->params)->permutation, (uint32_t)node->below);
}

static void make(dp_node *node, uint64_t epoch, void *table)
{
    distributed_sampler *p = node->params;
    const uint32_t n = (uint32_t)node->below;
    dp_mt19937 engine;
    dp_rng rng;

    if (p->order == DP_TORCH) {
        dp_mt19937_seed(&engine, (uint32_t)(node->seed + epoch));
        dp_permute_torch(table, n, &engine);
    } else if (p->order == DP_MINDSPORE) {
        dp_mt19937_seed(&engine, mindspore_seed(node, epoch));
        dp_std_shuffle(p->permutation, n, &engine);
        for (uint32_t i = 0; i < n; i++)
            ((uint32_t *)table)[i] = p->permutation[i];
    } else {
        dp_rng_start(&rng, node->key, epoch, 0);
        dp_identity(table, n);
        dp_shuffle_native(table, n, &rng);
    }
}

static uint64_t place(const dp_node *node, uint64_t position)
{
    const distributed_sampler *p = node->params;
    const uint64_t offset = p->offset > 0 ? (uint64_t)p->offset : 0, id = (uint64_t)p->shard_id;

    return (uint64_t)p->num_shards * (position + (id < offset)) + id - offset;
}

static void at(dp_node *node, dp_row *row)
{
    static const dp_maker any = {.make = make}, replayed = {.start = start, .make = make};
    distributed_sampler *p = node->params;
    const uint64_t i = place(node, row->record) % node->below;

    row->record = p->empty ? 0 : i;
    if (p->shuffle && !p->empty)
        row->record = ((const uint32_t *)dp_tables_at(
            &p->tables, p->order == DP_MINDSPORE ? &replayed : &any, node, row->epoch))[i];
}

const dp_order dp_order_distributed_sampler = {
    .info = {"order", "distributed_sampler", "deal the rows out to shards", 1, params},
    .size = sizeof(distributed_sampler),
    .random = true,
    .plan = plan,
    .at = at,
    .place = place,
};
