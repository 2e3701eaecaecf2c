/* shuffle.c - the rows of an epoch in a random order, another one each epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * All of them, or through a buffer: a random one of those in it is delivered and replaced by the
 * next.
 */
#include "pipeline/order/ordering.h"

typedef struct shuffle {
    int64_t buffer_size;
    int32_t order;
    bool reshuffle_each_epoch;
    const char *rule;
    dp_ordering ordering;
} shuffle;

static const dp_param params[] = {
    DP_INT(shuffle, buffer_size, "0", 0, 2147483647, "rows drawn from; 0 for the whole epoch"),
    DP_ORDER_OF(shuffle, shuffle, "whose random order"),
    DP_LATER_BOOLEAN(shuffle, reshuffle_each_epoch, "true", "another order each epoch"),
    DP_RULE_OF(shuffle),
    DP_PARAMS_END,
};

static bool has_buffer(const dp_library *library) { return library->buffer != NULL; }

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    shuffle *p = node->params;
    const uint64_t size = (uint64_t)p->buffer_size;
    dp_ordering *o = &p->ordering;
    dp_status status;

    o->library = dp_library_of(dp_words_shuffle, p->order);
    o->scheme = size == 0 ? o->library->shuffle : o->library->buffer;
    o->ask = dp_node_ask(node, p->rule);
    o->ask.once = !p->reshuffle_each_epoch;
    o->ask.buffer = size;
    if (size != 0 && size < node->below)
        o->ask.kept = size;
    if (size == 1)
        return dp_fail(err, DP_ESPEC, "a buffer of one row shuffles nothing: use 2 or more");
    if (o->scheme == NULL)
        return dp_fail(err, DP_ESPEC, "order=%s has no buffer_size: %s have one", o->library->word,
                       dp_library_who(has_buffer).words);
    if (o->ask.once && o->scheme->once)
        return dp_params_idle("reshuffle_each_epoch", "an order that changes each epoch", err);
    status = dp_ordering_plan(o, node, arena, err);
    node->length = o->ask.count;
    return status;
}

static void at(dp_node *node, dp_row *row)
{
    row->record = dp_ordering_at(&((shuffle *)node->params)->ordering, row->epoch, row->record);
}

const dp_order dp_order_shuffle = {
    .info = {"order", "shuffle", "put the rows of each epoch in a random order", 1, sizeof(shuffle),
             params},
    .random = true,
    .plan = plan,
    .at = at,
};
