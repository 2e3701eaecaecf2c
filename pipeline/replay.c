/* replay.c - the numbers that another library draws for random transforms, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A map hands its rows to its workers in turn.  Each worker has a generator for each operation that
 * runs on from row to row.  So the numbers of a row follow from all rows before it: they are drawn
 * for a whole epoch at a time and kept.
 */
#include "pipeline/replay.h"

#include <string.h>

#include "pipeline/order/tables.h"

#define BLOCK     4096 /* rows drawn at a time when an epoch does not end */
#define MOST_ROWS (1 << 24)

struct dp_replay {
    const dp_library *library;
    const dp_step *steps;
    uint32_t n_steps, n_draws, workers;
    uint64_t seed, rows; /* rows: of a table */
    bool endless;
    char *generators; /* of worker w and step s: number w * n_steps + s */
    dp_tables tables;
};

static void *generator_of(const dp_replay *r, uint64_t worker, uint32_t s)
{
    return r->generators + (worker * r->n_steps + s) * r->library->generator;
}

static void start(const dp_replay *r)
{
    for (uint32_t w = 0; w < r->workers; w++) {
        for (uint32_t s = 0; s < r->n_steps; s++)
            r->library->draws->seed(generator_of(r, w, s), r->seed, w, s != 0);
    }
}

/* One row: the transform's own number opens those that it holds. */
static void draw_row(const dp_replay *r, uint64_t worker, double *draws)
{
    const uint32_t first = r->steps[0].draws;

    for (uint32_t s = 0; s < r->n_steps; s++) {
        const dp_step *step = &r->steps[s];
        const bool open = s == 0 || draws[0] == step->opens;
        if (open && step->transform->draw != NULL && !step->second)
            step->transform->replay(step->params, generator_of(r, worker, s),
                                    draws + (step->draws - first));
    }
}

static void make(void *ctx, uint64_t epoch, void *table)
{
    const dp_replay *r = ctx;
    const uint64_t turn = r->endless ? epoch * r->rows : r->library->draws->turn(epoch, r->rows);
    double *draws = table;

    if (epoch == 0)
        start(r);
    for (uint64_t i = 0; i < r->rows; i++)
        draw_row(r, (turn + i) % r->workers, draws + i * r->n_draws);
}

static void at(dp_node *node, dp_row *row)
{
    dp_replay *r = node->params;
    const uint64_t epoch = r->endless ? row->record / BLOCK : row->epoch;
    const uint64_t place = r->endless ? row->record % BLOCK : row->record;
    const double *table;

    if (row->draws == NULL)
        return;
    table = dp_tables_at(&r->tables, epoch);
    memcpy(row->draws + r->steps[0].draws, table + place * r->n_draws, r->n_draws * sizeof *table);
}

static dp_status check(const dp_library *library, const dp_step *steps, uint32_t n, uint64_t seed,
                       dp_error *err)
{
    dp_ask ask = {.seed = seed};

    for (uint32_t s = 0; s < n; s++) {
        if (steps[s].transform->draw != NULL && steps[s].transform->replay == NULL)
            return dp_fail(err, DP_ESPEC, "%s's draws of %s are not known: use order=native",
                           library->name, steps[s].transform->info.name);
    }
    return dp_check_ask(library->draws->check, NULL, &ask, err);
}

dp_status dp_replay_plan(dp_node *node, const dp_library *library, const dp_step *steps, uint32_t n,
                         dp_arena *arena, dp_error *err)
{
    const dp_status status = check(library, steps, n, node->seed, err);
    dp_replay *r = dp_arena_alloc(arena, 1, sizeof *r);

    if (status != DP_OK)
        return status;
    if (r == NULL)
        return dp_arena_fail(arena, err, "a replay");
    *r = (dp_replay){.library = library, .steps = steps, .n_steps = n, .seed = node->seed};
    for (uint32_t s = 0; s < n; s++)
        r->n_draws += steps[s].second ? 0 : dp_n_draws(steps[s].transform);
    node->params = r;
    r->workers = (uint32_t)((const dp_random *)steps[0].params)->workers;
    r->endless = node->below == DP_ENDLESS;
    r->rows = r->endless ? BLOCK : node->below;
    if (r->rows > MOST_ROWS)
        return dp_fail(err, DP_ELIMIT, "order=%s replays at most %d rows an epoch", library->word,
                       MOST_ROWS);
    r->generators = dp_arena_alloc(arena, (size_t)r->workers * n, library->generator);
    if (r->generators == NULL)
        return dp_arena_fail(arena, err, "a replay");
    r->tables.in_turn = true;
    r->tables.once = !r->endless && ((const dp_random *)steps[0].params)->iterator != 0;
    r->tables.make = make;
    r->tables.ctx = r;
    return dp_tables_plan(&r->tables, node->epochs, r->rows, r->n_draws * sizeof(double), arena,
                          err);
}

const dp_order dp_order_replay = {
    .info = {"order", "replay", "numbers that another library draws", 1, 0, NULL},
    .at = at,
};
