/* groups.c - rows in batches of several sizes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/groups.h"

#include "base/status.h"

static dp_status make_room(dp_groups *g, dp_arena *arena, dp_error *err)
{
    dp_run *runs;

    if (g->n < g->room)
        return DP_OK;
    if (g->n == DP_MAX_RUNS)
        return dp_fail(err, DP_ELIMIT, "batches change their size more than %d times", DP_MAX_RUNS);
    runs = dp_arena_grow(arena, g->runs, g->n, sizeof *runs, &g->room, 16);
    if (runs == NULL)
        return dp_arena_fail(arena, err, "the sizes of the batches");
    g->runs = runs;
    return DP_OK;
}

dp_status dp_groups_add(dp_groups *g, uint64_t batches, uint64_t rows, dp_arena *arena,
                        dp_error *err)
{
    const uint64_t most = (uint64_t)1 << 63;
    uint64_t all;
    dp_status status;

    if (batches > most - g->n_batches || __builtin_mul_overflow(batches, rows, &all) ||
        all > most - g->n_rows)
        return dp_fail(err, DP_ELIMIT, "the batches have more than 2^63 rows");
    if (g->n == 0 || g->runs[g->n - 1].rows != rows) {
        status = make_room(g, arena, err);
        if (status != DP_OK)
            return status;
        g->runs[g->n++] = (dp_run){0, rows, g->n_batches, g->n_rows};
    }
    g->runs[g->n - 1].batches += batches;
    g->n_batches += batches;
    g->n_rows += all;
    return DP_OK;
}

/* The last run that begins at or before; rows: counted in rows, not in batches. */
static const dp_run *find(const dp_groups *g, uint64_t place, bool rows)
{
    uint32_t low = 0, high = g->n;

    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        const dp_run *run = &g->runs[middle];
        if ((rows ? run->first_row : run->first_batch) <= place)
            low = middle;
        else
            high = middle;
    }
    return &g->runs[low];
}

uint64_t dp_groups_first(const dp_groups *g, uint64_t batch)
{
    const dp_run *run = find(g, batch, false);

    return batch >= g->n_batches ? g->n_rows
                                 : run->first_row + (batch - run->first_batch) * run->rows;
}

uint64_t dp_groups_rows(const dp_groups *g, uint64_t batch) { return find(g, batch, false)->rows; }

uint64_t dp_groups_batch(const dp_groups *g, uint64_t row)
{
    const dp_run *run = find(g, row, true);

    return run->first_batch + (run->rows > 0 ? (row - run->first_row) / run->rows : 0);
}
