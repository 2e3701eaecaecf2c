/* distributed_sampler.c - every num_shards-th row of an order that all shards share
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Place j of a shard is place v = num_shards * j + shard_id - offset of the common order; past the
 * end it starts again, so that shards are equally long.  A row's ordinal is v: a row is augmented
 * the same whichever shard delivers it.
 */
#include "pipeline/order/branch.h"
#include "pipeline/order/ordering.h"

typedef struct distributed_sampler {
    int64_t num_shards, shard_id, num_samples, offset;
    bool shuffle, empty, drop_last, reshuffle_each_epoch;
    int32_t order;
    const char *rule;
    uint64_t rows; /* below, as the library counts them */
    dp_ordering ordering;
} distributed_sampler;

static const dp_param params[] = {
    DP_INT(distributed_sampler, num_shards, NULL, 1, 2147483647, "parts of the data set"),
    DP_INT(distributed_sampler, shard_id, NULL, 0, 2147483646, "the part delivered here"),
    DP_BOOLEAN(distributed_sampler, shuffle, "true", "in a random order, another one each epoch"),
    DP_INT(distributed_sampler, num_samples, "0", 0, 9e15, "most rows of the part; 0 for all"),
    DP_INT(distributed_sampler, offset, "-1", -1, 2147483647,
           "the shard that gets row 0, none padded then; -1: shard 0, and all equally long"),
    DP_ORDER_OF(distributed_sampler, distribute, "whose random order"),
    DP_LATER_BOOLEAN(distributed_sampler, drop_last, "false",
                     "parts made equally long by leaving rows out, not by repeating some"),
    DP_LATER_BOOLEAN(distributed_sampler, reshuffle_each_epoch, "true", "another order each epoch"),
    DP_RULE_OF(distributed_sampler),
    DP_PARAMS_END,
};

static dp_status check(const dp_node *node, const distributed_sampler *p, dp_error *err)
{
    if (p->shard_id >= p->num_shards)
        return dp_fail(err, DP_ESPEC, "shard_id=%lld of num_shards=%lld: they count from 0",
                       (long long)p->shard_id, (long long)p->num_shards);
    if (p->offset > p->num_shards)
        return dp_fail(err, DP_ESPEC, "offset=%lld is more than num_shards=%lld",
                       (long long)p->offset, (long long)p->num_shards);
    if (p->drop_last && p->offset != -1)
        return dp_params_idle("drop_last", "offset=-1, that pads", err);
    if (!p->reshuffle_each_epoch && !p->shuffle)
        return dp_params_idle("reshuffle_each_epoch", "shuffle=true", err);
    if (p->rule[0] != '\0' && !p->shuffle)
        return dp_params_idle("rule", "shuffle=true", err);
    if (node->below == 0 && !p->ordering.scheme->of_none)
        return dp_fail(err, DP_ESPEC, "there are no rows to deal out");
    return p->shuffle ? dp_check_claims(node, p->ordering.library, err) : DP_OK;
}

/* num_samples caps the shard, not the data set. */
static uint64_t cap(const distributed_sampler *p)
{
    const uint64_t given = (uint64_t)p->num_samples;

    return given == 0 || given > p->rows ? p->rows : given;
}

static uint64_t shard_length(const distributed_sampler *p)
{
    const uint64_t n = p->rows, shards = (uint64_t)p->num_shards, id = (uint64_t)p->shard_id;
    uint64_t length = n / shards + (n % shards != 0 && !p->drop_last);

    if (p->offset != -1) {
        const uint64_t spread = n + (uint64_t)p->offset;
        length = spread / shards + (id < spread % shards) - (id < (uint64_t)p->offset);
    }
    return length < cap(p) ? length : cap(p);
}

/* A library that claims to have rows delivers row 0 of the reader for an empty shard. */
static dp_status plan_empty(dp_node *node, distributed_sampler *p, dp_error *err)
{
    if (node != node->branch->nodes)
        return dp_fail(err, DP_ESPEC,
                       "shard %lld is empty, and what %s delivers then is "
                       "replayed right behind the reader only",
                       (long long)p->shard_id, p->ordering.library->name);
    node->length = 1;
    p->empty = true;
    return DP_OK;
}

static uint64_t place(const dp_node *node, uint64_t position)
{
    const distributed_sampler *p = node->params;
    const uint64_t offset = p->offset > 0 ? (uint64_t)p->offset : 0, id = (uint64_t)p->shard_id;

    return (uint64_t)p->num_shards * (position + (id < offset)) + id - offset;
}

/* Not to rows that the library counts, and that are not there. */
static dp_status check_reach(const dp_node *node, const distributed_sampler *p, dp_error *err)
{
    uint64_t i = 0;

    while (i < node->length && place(node, i) % p->rows < node->below)
        i++;
    return i == node->length ? DP_OK : dp_check_claims(node, p->ordering.library, err);
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    distributed_sampler *p = node->params;
    dp_ordering *o = &p->ordering;
    dp_status status = dp_check_rows(node->below, err);

    o->library = dp_library_of(dp_words_distribute, p->order);
    o->scheme = o->library->distribute;
    o->ask = dp_node_ask(node, p->rule);
    o->ask.once = !p->reshuffle_each_epoch;
    o->ask.drop = p->drop_last;
    o->ask.cut = p->offset != -1 || p->num_samples != 0;
    p->rows = dp_node_rows(node, o->library);
    if (status == DP_OK)
        status = check(node, p, err);
    if (status == DP_OK)
        status = dp_check_ask(o->scheme->check, o->scheme->rules, &o->ask, err);
    if (status != DP_OK)
        return status;
    node->length = shard_length(p);
    node->claims = o->library->claims ? cap(p) : node->length;
    if (node->length == 0 && o->library->claims)
        return plan_empty(node, p, err);
    if (p->shuffle)
        return dp_ordering_plan(o, node, arena, err);
    return p->rows == node->below ? DP_OK : check_reach(node, p, err);
}

static void at(dp_node *node, dp_row *row)
{
    distributed_sampler *p = node->params;
    const uint64_t i = place(node, row->record) % p->rows;

    row->record = p->empty ? 0 : i;
    if (p->shuffle && !p->empty)
        row->record = dp_ordering_at(&p->ordering, row->epoch, i);
}

const dp_order dp_order_distributed_sampler = {
    .info = {"order", "distributed_sampler", "deal the rows out to shards", 1,
             sizeof(distributed_sampler), params},
    .random = true,
    .sampler = true,
    .plan = plan,
    .at = at,
    .place = place,
};
