/* ordering.c - a library's order of some rows, epoch by epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/ordering.h"

dp_ask dp_node_ask(const dp_node *node, const char *rule)
{
    return (dp_ask){
        .seed = node->seed,
        .key = node->key,
        .rows = node->below,
        .count = node->below,
        .kept = node->below,
        .words = rule,
    };
}

dp_status dp_ask_generator(dp_ask *ask, const dp_library *library, dp_arena *arena, dp_error *err)
{
    ask->generator = dp_arena_alloc(arena, 1, library->generator);
    return ask->generator == NULL ? dp_arena_fail(arena, err, "the generator of an order") : DP_OK;
}

static void make(void *ctx, uint64_t epoch, void *table)
{
    dp_ordering *o = ctx;

    o->ask.epoch = epoch;
    o->ask.before = epoch > 0 ? o->tables.table[(epoch - 1) % o->tables.n] : NULL;
    o->scheme->make(&o->ask, table);
}

static bool computed(const dp_ordering *o)
{
    return o->scheme->at != NULL && !o->ask.replacement && o->ask.rows > o->scheme->tabled &&
           o->ask.rows != DP_ENDLESS;
}

static dp_status plan_tables(dp_ordering *o, uint32_t epochs, dp_arena *arena, dp_error *err)
{
    dp_ask *ask = &o->ask;
    const bool owns = o->scheme->keeps + o->scheme->holds > 0;
    const bool whole = !owns && !ask->replacement;
    dp_status status = dp_check_rows(ask->rows, err);

    if (status == DP_OK && ask->count > DP_MAX_TABLE)
        status = dp_fail(err, DP_ELIMIT, "at most %u samples, not %llu", DP_MAX_TABLE,
                         (unsigned long long)ask->count);
    if (status != DP_OK)
        return status;
    if (owns) {
        ask->order = dp_arena_alloc_raw(arena,
                                        (size_t)(ask->rows * o->scheme->keeps +
                                                 ask->kept * o->scheme->holds + o->scheme->beside),
                                        sizeof *ask->order);
        if (ask->order == NULL)
            return dp_arena_fail(arena, err, "an order that is kept");
    }
    o->tables.in_turn = o->scheme->in_turn;
    o->tables.make = make;
    o->tables.ctx = o;
    o->tables.once = ask->once;
    return dp_tables_plan(&o->tables, epochs, whole ? ask->rows : ask->count, sizeof(uint32_t),
                          arena, err);
}

dp_status dp_ordering_plan(dp_ordering *o, const dp_node *node, dp_arena *arena, dp_error *err)
{
    dp_status status = dp_check_ask(o->scheme->check, o->scheme->rules, &o->ask, err);

    o->ask.once = o->ask.once || o->scheme->once;
    if (status == DP_OK && o->scheme->count != NULL)
        o->ask.count = o->scheme->count(&o->ask);
    if (status == DP_OK)
        status = dp_ask_generator(&o->ask, o->library, arena, err);
    return status == DP_OK && !computed(o) ? plan_tables(o, node->epochs, arena, err) : status;
}

uint64_t dp_ordering_at(dp_ordering *o, uint64_t epoch, uint64_t place)
{
    if (computed(o)) {
        o->ask.epoch = o->ask.once ? 0 : epoch;
        return o->scheme->at(&o->ask, place);
    }
    return ((const uint32_t *)dp_tables_at(&o->tables, epoch))[place];
}
