/* replay.c - the numbers that MindSpore draws for its random operations, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md.  A map hands its rows to its workers in turn, and the mark at the end of an
 * epoch takes a turn too: row i of epoch e of n rows goes to worker (e * (n + 1) + i) mod workers.
 * Each worker has a generator for each operation, seeded seed + worker, that runs on from row to
 * row; operations held by another one are seeded seed on every worker.  So the numbers of a row
 * follow from all rows before it: they are drawn for a whole epoch at a time and kept.
 */
#include "pipeline/replay.h"

#include <string.h>

#include "pipeline/order/tables.h"

#define BLOCK     4096 /* rows drawn at a time when an epoch does not end */
#define MOST_ROWS (1 << 24)

struct dp_replay {
    const dp_step *steps;
    uint32_t n_steps, n_draws, workers;
    uint64_t rows; /* of a table */
    bool endless;
    dp_mt19937 *engines; /* of worker w and step s: [w * n_steps + s] */
    dp_tables tables;
};

static void start(dp_node *node)
{
    dp_replay *r = node->params;

    for (uint32_t w = 0; w < r->workers; w++) {
        for (uint32_t s = 0; s < r->n_steps; s++)
            dp_mt19937_seed(&r->engines[w * r->n_steps + s],
                            (uint32_t)(node->seed + (s == 0 ? w : 0)));
    }
}

/* One row: the transform's own number opens those that it holds. */
static void draw_row(const dp_replay *r, dp_mt19937 *engines, double *draws)
{
    const uint32_t first = r->steps[0].draws;

    for (uint32_t s = 0; s < r->n_steps; s++) {
        const dp_step *step = &r->steps[s];
        const bool open = s == 0 || draws[0] == step->opens;
        if (open && step->transform->draw != NULL && !step->second)
            step->transform->replay(step->params, &engines[s], draws + (step->draws - first));
    }
}

static void make(dp_node *node, uint64_t epoch, void *table)
{
    dp_replay *r = node->params;
    const uint64_t slot = epoch * (r->rows + !r->endless);
    double *draws = table;

    for (uint64_t i = 0; i < r->rows; i++)
        draw_row(r, &r->engines[(slot + i) % r->workers * r->n_steps], draws + i * r->n_draws);
}

static void at(dp_node *node, dp_row *row)
{
    static const dp_maker maker = {.start = start, .make = make};
    dp_replay *r = node->params;
    const uint64_t epoch = r->endless ? row->record / BLOCK : row->epoch;
    const uint64_t place = r->endless ? row->record % BLOCK : row->record;
    const double *table;

    if (row->draws == NULL)
        return;
    table = dp_tables_at(&r->tables, &maker, node, epoch);
    memcpy(row->draws + r->steps[0].draws, table + place * r->n_draws, r->n_draws * sizeof *table);
}

dp_status dp_replay_plan(dp_node *node, const dp_step *steps, uint32_t n, dp_arena *arena,
                         dp_error *err)
{
    const char *name = steps[0].transform->info.name;
    dp_replay *r = dp_arena_alloc(arena, 1, sizeof *r);
    dp_status status = dp_check_manner(name, DP_MINDSPORE, node->seed, err);

    if (r == NULL)
        return dp_arena_fail(arena, err, "a replay");
    for (uint32_t s = 0; s < n && status == DP_OK; s++) {
        if (steps[s].transform->draw != NULL && steps[s].transform->replay == NULL)
            status = dp_fail(err, DP_ESPEC, "%s: MindSpore's draws are not known: use order=native",
                             steps[s].transform->info.name);
        r->n_draws += steps[s].second ? 0 : dp_n_draws(steps[s].transform);
    }
    if (status != DP_OK)
        return status;
    node->params = r;
    r->steps = steps;
    r->n_steps = n;
    r->workers = (uint32_t)((const dp_random *)steps[0].params)->workers;
    r->endless = node->below == DP_ENDLESS;
    r->rows = r->endless ? BLOCK : node->below;
    if (r->rows > MOST_ROWS)
        return dp_fail(err, DP_ELIMIT, "%s: order=mindspore replays at most %d rows an epoch", name,
                       MOST_ROWS);
    r->engines = dp_arena_alloc(arena, (size_t)r->workers * n, sizeof *r->engines);
    if (r->engines == NULL)
        return dp_arena_fail(arena, err, "a replay");
    return dp_tables_plan(&r->tables, node, r->rows, r->n_draws * sizeof(double), arena, err);
}

const dp_order dp_order_replay = {
    .info = {"order", "replay", "numbers that MindSpore draws", 1, NULL},
    .at = at,
};
