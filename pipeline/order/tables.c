/* tables.c - what is made once an epoch and looked up for each of its rows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/tables.h"

#define MAX_TABLES 64

dp_status dp_tables_plan(dp_tables *t, uint32_t epochs, uint64_t rows, size_t size, dp_arena *arena,
                         dp_error *err)
{
    if (t->once)
        epochs = 1;
    if (epochs > MAX_TABLES)
        return dp_fail(err, DP_ELIMIT,
                       "a random stage further up mixes %u epochs of this one, at most %d are "
                       "kept: one of them is enough",
                       epochs, MAX_TABLES);
    t->n = epochs;
    t->table = dp_arena_alloc(arena, t->n, sizeof *t->table);
    t->held = dp_arena_alloc(arena, t->n, sizeof *t->held);
    for (uint32_t i = 0; t->table != NULL && i < t->n; i++) {
        t->table[i] = dp_arena_alloc_raw(arena, (size_t)rows, size);
        if (t->table[i] == NULL)
            return dp_arena_fail(arena, err, "the table of an epoch");
    }
    return t->table == NULL || t->held == NULL ? dp_arena_fail(arena, err, "the table of an epoch")
                                               : DP_OK;
}

static void make(dp_tables *t, uint64_t epoch)
{
    t->make(t->ctx, epoch, t->table[epoch % t->n]);
    t->held[epoch % t->n] = epoch + 1;
}

const void *dp_tables_at(dp_tables *t, uint64_t epoch)
{
    uint64_t slot;

    if (t->once)
        epoch = 0;
    slot = epoch % t->n;
    if (t->held[slot] == epoch + 1)
        return t->table[slot];
    if (!t->in_turn) {
        make(t, epoch);
        return t->table[slot];
    }
    if (epoch < t->next)
        t->next = 0;
    for (; t->next <= epoch; t->next++)
        make(t, t->next);
    return t->table[slot];
}
