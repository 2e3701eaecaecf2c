/* shuffle.c - the rows of an epoch in a random order, another one each epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * All of them; or through a buffer, of which a random one is delivered and replaced by the next; or
 * in blocks, for rows that are fetched or unpacked in blocks: those in a random order, and the rows
 * of so many that follow one another mixed.
 */
#include <stdlib.h>

#include "pipeline/order/ordering.h"

#define WINDOW "16"

typedef struct shuffle {
    int64_t buffer_size, block, window;
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
    DP_LATER_INT(shuffle, block, "0", 0, 2147483647, "rows of a block; 0 for no blocks"),
    DP_LATER_INT(shuffle, window, WINDOW, 1, 2147483647, "blocks whose rows are mixed"),
    DP_PARAMS_END,
};

static bool has_buffer(const dp_library *library) { return library->buffer != NULL; }

static dp_status check(const shuffle *p, const dp_ordering *o, dp_error *err)
{
    if (p->block != 0 && p->buffer_size != 0)
        return dp_fail(err, DP_ESPEC,
                       "rows go in blocks or through a buffer: give block or "
                       "buffer_size");
    if (p->block == 0 && p->window != atoi(WINDOW))
        return dp_params_idle("window", "block", err);
    if (p->buffer_size == 1)
        return dp_fail(err, DP_ESPEC, "a buffer of one row shuffles nothing: use 2 or more");
    if (o->scheme == NULL && p->block != 0)
        return dp_fail(err, DP_ESPEC, "order=%s has no blocks: leave order= out", o->library->word);
    if (o->scheme == NULL)
        return dp_fail(err, DP_ESPEC, "order=%s has no buffer_size: %s have one", o->library->word,
                       dp_library_who(has_buffer).words);
    if (o->ask.once && o->scheme->once)
        return dp_params_idle("reshuffle_each_epoch", "an order that changes each epoch", err);
    return DP_OK;
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    shuffle *p = node->params;
    const uint64_t size = (uint64_t)p->buffer_size;
    dp_ordering *o = &p->ordering;
    dp_status status;

    o->library = dp_library_of(dp_words_shuffle, p->order);
    o->scheme = p->block != 0 ? o->library->blocks
                : size != 0   ? o->library->buffer
                              : o->library->shuffle;
    o->ask = dp_node_ask(node, p->rule);
    o->ask.once = !p->reshuffle_each_epoch;
    o->ask.buffer = size;
    o->ask.block = (uint64_t)p->block;
    o->ask.window = (uint64_t)p->window;
    if (size != 0 && size < node->below)
        o->ask.kept = size;
    status = check(p, o, err);
    if (status != DP_OK)
        return status;
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
