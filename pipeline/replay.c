/* replay.c - the numbers that another library draws for random transforms, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A map hands its rows, or batches, to its workers in turn.  Each worker has a generator for each
 * operation that runs on from row to row.  So the numbers of a row follow from all rows before it:
 * they are drawn for a whole epoch at a time and kept.  Where rows differ in shape and the numbers
 * follow from it, the steps of the column are fitted to each row before it is drawn for.
 */
#include "pipeline/replay.h"

#include <string.h>

#include "io/source.h"
#include "pipeline/heads.h"
#include "pipeline/order/tables.h"
#include "pipeline/vary.h"

#define BLOCK     4096 /* rows drawn at a time when an epoch does not end */
#define MOST_ROWS (1 << 24)

/* The steps of a column whose rows differ in shape, in their order, fitted: to each row, or once to
 * the largest, where no number follows from the shape. */
typedef struct fitting {
    const dp_branch *branch; /* NULL = once */
    uint32_t node;           /* of the replay: the stages below it say which record a row is */
    uint32_t column;         /* of the reader */
    const dp_step **steps;
    dp_fit *fits;
    uint32_t n;
} fitting;

struct dp_replay {
    const dp_library *library;
    const dp_step *steps;
    const dp_mix *mix;                         /* in the place of steps */
    uint32_t n_steps, place, n_draws, workers; /* place: of its numbers among those of a row */
    uint64_t seed, rows, group,
        turns; /* of a table: its rows, those of a turn of a worker, turns */
    bool endless;
    bool anew;        /* every epoch draws epoch 0's numbers */
    fitting each;     /* n = 0: rows have one shape */
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

static uint64_t record_of(const dp_replay *r, uint64_t epoch, uint64_t i)
{
    const dp_row row = r->endless ? (dp_row){.record = epoch * r->rows + i}
                                  : (dp_row){.record = i, .epoch = epoch};

    return dp_branch_row(r->each.branch, r->each.node, row);
}

/* It cannot fail: the shapes are those that were known at open. */
static void fit_row(const dp_replay *r, uint64_t record)
{
    const dp_branch *branch = r->each.branch;
    dp_tensor type = dp_source_type(branch->reader, &branch->source, r->each.column, record);

    for (uint32_t k = 0; k < r->each.n; k++) {
        const dp_step *step = r->each.steps[k];
        dp_fit *fit = &r->each.fits[k];
        if (step->each->decodes)
            fit->head = dp_heads_get(branch, r->each.column, record);
        dp_each_fit(step, &type, fit, NULL);
        if (step->gate == DP_NO_GATE) /* what may be left out keeps the type */
            type = fit->out;
    }
}

static const void *params_of(const dp_replay *r, const dp_step *step)
{
    for (uint32_t k = 0; k < r->each.n; k++) {
        if (r->each.steps[k] == step)
            return r->each.fits[k].params;
    }
    return step->params;
}

/* One row: the transform's own number opens those that it holds. */
static void draw_row(const dp_replay *r, uint64_t worker, double *draws)
{
    for (uint32_t s = 0; s < r->n_steps; s++) {
        const dp_step *step = &r->steps[s];
        const bool open = s == 0 || dp_step_opens(step, draws[0]);
        if (open && step->transform->draw != NULL && !step->second)
            step->transform->replay(params_of(r, step), generator_of(r, worker, s),
                                    draws + (step->draws - r->place));
    }
}

/* The rows of a turn, of which there is one but behind batch. */
static void draw_turn(const dp_replay *r, uint64_t worker, const dp_batch_draws *draws)
{
    if (r->mix != NULL) {
        r->mix->transform->replay_batch(r->mix->params, generator_of(r, worker, 0), draws);
        return;
    }
    for (uint64_t i = 0; i < draws->rows; i++) {
        double *row = draws->first + i * draws->stride;
        if (i == 0 || r->steps[0].transform->replays_batch == DP_DRAWS_EACH_ROW)
            draw_row(r, worker, row);
        else
            memcpy(row, draws->first, r->n_draws * sizeof *row);
    }
}

static void make(void *ctx, uint64_t epoch, void *table)
{
    const dp_replay *r = ctx;
    const uint64_t drawn = r->anew ? 0 : epoch;
    const uint64_t turn = r->endless ? drawn * r->turns : r->library->draws->turn(drawn, r->turns);
    dp_batch_draws draws = {table, r->n_draws, r->group};

    if (drawn == 0)
        start(r);
    for (uint64_t t = 0, row = 0; t < r->turns; t++, row += r->group) {
        draws.first = (double *)table + row * r->n_draws;
        draws.rows = r->rows - row < r->group ? r->rows - row : r->group;
        if (r->each.branch != NULL)
            fit_row(r, record_of(r, epoch, row));
        draw_turn(r, (turn + t) % r->workers, &draws);
    }
}

static void at(dp_node *node, dp_row *row)
{
    dp_replay *r = node->params;
    const uint64_t epoch = r->endless ? row->record / r->rows : row->epoch;
    const uint64_t place = r->endless ? row->record % r->rows : row->record;
    const double *table;

    if (row->draws == NULL)
        return;
    table = dp_tables_at(&r->tables, epoch);
    memcpy(row->draws + r->place, table + place * r->n_draws, r->n_draws * sizeof *table);
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

static bool draws_each(const dp_step *step)
{
    return step->each != NULL && step->transform->draw != NULL && !step->second;
}

/* The reader's column in the slot, if the rows are those of one reader. */
static bool find_column(const dp_node *node, uint32_t slot, fitting *each)
{
    const dp_branch *branch = node->branch;

    each->branch = branch;
    each->node = (uint32_t)(node - branch->nodes);
    for (uint32_t n = 0; n < each->node; n++) {
        if (branch->nodes[n].with != NULL)
            return false;
    }
    while (each->column < branch->source.n_columns && branch->slots[each->column] != slot)
        each->column++;
    return each->column < branch->source.n_columns;
}

/* Of the graph's steps from `from` on, those of the column. */
static dp_status new_fits(fitting *each, dp_graph *g, uint32_t from, uint32_t slot, dp_error *err)
{
    each->steps = dp_arena_alloc(&g->arena, g->n_steps, sizeof *each->steps);
    each->fits = dp_arena_alloc(&g->arena, g->n_steps, sizeof *each->fits);
    if (each->steps == NULL || each->fits == NULL)
        return dp_arena_fail(&g->arena, err, "a replay");
    for (uint32_t s = from; s < g->n_steps; s++) {
        const dp_step *step = &g->steps[s];
        if (step->slot != slot || step->each == NULL || step->second)
            continue;
        if (!dp_fit_new(g, step, &each->fits[each->n]))
            return dp_arena_fail(&g->arena, err, "a replay");
        each->steps[each->n++] = step;
    }
    return DP_OK;
}

static dp_status plan_each(dp_replay *r, const dp_node *node, dp_graph *g, dp_error *err)
{
    const uint32_t first = g->n_steps - r->n_steps, slot = r->steps[0].slot;
    bool draws = false, follow = false;
    dp_status status;

    for (uint32_t s = 0; s < r->n_steps; s++) {
        draws = draws || draws_each(&r->steps[s]);
        follow = follow || (draws_each(&r->steps[s]) && !r->steps[s].transform->replays_any_shape);
    }
    if (!draws)
        return DP_OK;
    if (follow && !find_column(node, slot, &r->each))
        return dp_fail(err, DP_ESPEC,
                       "%s's draws follow from the shapes of all rows before, which are not known "
                       "here: use order=native, or put resize size=height,width before it",
                       r->library->name);
    status = new_fits(&r->each, g, follow ? 0 : first, slot, err);
    for (uint32_t k = 0; k < r->each.n && status == DP_OK; k++) {
        const dp_step *step = r->each.steps[k];
        if (!follow)
            status = dp_each_fit(step, &step->in, &r->each.fits[k], err);
        else if (step->each->decodes)
            status = dp_heads_read(g, node->branch, r->each.column, step, err);
    }
    return status;
}

/* Rows and turns of a table; a batch that is left out takes no turn. */
static dp_status count_turns(dp_replay *r, const dp_node *node, const dp_found *batch, dp_graph *g,
                             dp_error *err)
{
    dp_node behind = {.below = node->below, .length = node->below, .group = 1};
    dp_status status = DP_OK;

    r->endless = node->below == DP_ENDLESS;
    if (batch != NULL) {
        behind.params = batch->params;
        status = batch->order->plan(&behind, &g->arena, err);
    }
    r->group = behind.group;
    r->rows = node->below;
    r->turns = behind.length;
    if (r->endless) {
        r->turns = BLOCK / r->group + 1;
        r->rows = r->turns * r->group;
    }
    if (status == DP_OK && r->rows > MOST_ROWS)
        status = dp_fail(err, DP_ELIMIT, "order=%s replays at most %d rows an epoch",
                         r->library->word, MOST_ROWS);
    return status;
}

static dp_status plan_tables(dp_replay *r, const dp_node *node, const dp_random *params,
                             dp_graph *g, dp_error *err)
{
    r->workers = (uint32_t)params->workers;
    r->generators =
        dp_arena_alloc(&g->arena, (size_t)r->workers * r->n_steps, r->library->generator);
    if (r->generators == NULL)
        return dp_arena_fail(&g->arena, err, "a replay");
    r->anew = !r->endless && params->iterator != 0;
    r->tables.in_turn = !r->anew;
    r->tables.once = r->anew && r->each.branch == NULL;
    r->tables.make = make;
    r->tables.ctx = r;
    return dp_tables_plan(&r->tables, node->epochs, r->rows, r->n_draws * sizeof(double), &g->arena,
                          err);
}

dp_status dp_replay_plan(dp_node *node, const dp_replayed *what, dp_graph *g, dp_error *err)
{
    const dp_mix *mix = what->mix;
    const dp_step *steps = &g->steps[what->first];
    const uint32_t n = g->n_steps - what->first;
    dp_status status = check(what->library, steps, n, node->seed, err);
    dp_replay *r = dp_arena_alloc(&g->arena, 1, sizeof *r);

    if (status != DP_OK)
        return status;
    if (r == NULL)
        return dp_arena_fail(&g->arena, err, "a replay");
    *r = (dp_replay){.library = what->library,
                     .steps = steps,
                     .mix = mix,
                     .n_steps = mix != NULL ? 1 : n,
                     .place = mix != NULL ? mix->draws : steps[0].draws,
                     .n_draws = mix != NULL ? dp_n_draws(mix->transform) : 0,
                     .seed = node->seed};
    for (uint32_t s = 0; s < n; s++)
        r->n_draws += steps[s].second ? 0 : dp_n_draws(steps[s].transform);
    node->params = r;
    status = count_turns(r, node, what->batch, g, err);
    if (status == DP_OK && mix == NULL)
        status = plan_each(r, node, g, err);
    if (status != DP_OK)
        return status;
    return plan_tables(r, node, mix != NULL ? mix->params : steps[0].params, g, err);
}

const dp_order dp_order_replay = {
    .info = {"order", "replay", "numbers that another library draws", 1, 0, NULL},
    .at = at,
};
