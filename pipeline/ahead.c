/* ahead.c - what will be read of files that lie elsewhere, told to their readers in time
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/ahead.h"

#include "pipeline/walk.h"

#define MOST_AHEAD 65536 /* rows: of what lies in memory there is no end of room */
#define AT_ONCE    1024  /* rows that are told of before the next batch is made */

static bool is_told(const dp_branch *branch)
{
    return branch->reader->ahead != NULL && branch->source.opener.remote != NULL;
}

dp_status dp_ahead_open(dp_ahead *a, dp_graph *g, dp_error *err)
{
    bool told = false;

    a->graph = g;
    for (uint32_t n = 0; n < g->n_branches; n++)
        told = told || is_told(&g->branches[n]);
    if (!told)
        return DP_OK;
    a->rows =
        dp_arena_alloc(&g->arena, (size_t)dp_graph_most_rows(g), g->n_segments * sizeof *a->rows);
    return a->rows != NULL ? DP_OK : dp_arena_fail(&g->arena, err, "the order ahead");
}

static void stand_at(dp_ahead *a, uint64_t batch)
{
    a->batch = batch;
    a->n_rows = a->row = 0;
}

/* Turns never go back: what was wanted by a later batch is over. */
void dp_ahead_seek(dp_ahead *a, uint64_t batch)
{
    a->turns += a->batch + 1 - batch;
    stand_at(a, batch);
}

static void walk(dp_ahead *a)
{
    const dp_graph *g = a->graph;

    a->n_rows = dp_graph_rows(a->graph, a->batch, a->rows, NULL);
    a->epoch = 0;
    for (uint64_t i = 0; i < a->n_rows * g->n_segments; i++)
        a->epoch = a->rows[i].epoch > a->epoch ? a->rows[i].epoch : a->epoch;
}

static bool tell(const dp_ahead *a, const dp_row *rows, const dp_when *turn)
{
    const dp_graph *g = a->graph;
    bool room = true;

    for (uint32_t n = 0; n < g->n_branches && room; n++) {
        const dp_branch *branch = &g->branches[n];
        const dp_row *row = &rows[branch->segment];
        if (is_told(branch) && row->taken)
            room = branch->reader->ahead(branch->source.state, row->record, turn);
    }
    return room;
}

/* Whether the batch can be walked while `claim` is made next: a table of its epoch may take the
 * place of the one that is in use. */
static bool is_near(const dp_ahead *a, uint64_t claim)
{
    const dp_graph *g = a->graph;
    uint64_t epochs;
    const uint64_t epoch = dp_graph_epoch(g, &epochs);

    if (a->batch >= g->length || !dp_graph_reaches(g, a->batch) ||
        (a->batch - claim) * dp_graph_most_rows(g) > MOST_AHEAD)
        return false;
    return a->batch == claim || epoch == 0 || a->batch / epoch == claim / epoch;
}

void dp_ahead_go(dp_ahead *a, uint64_t claim, uint64_t deliver)
{
    uint64_t n = 0;

    if (a->rows == NULL)
        return;
    if (a->batch < claim)
        stand_at(a, claim);
    while (n < AT_ONCE && is_near(a, claim)) {
        const dp_when turn = {a->turns + a->batch, a->turns + deliver};
        if (a->n_rows == 0)
            walk(a);
        if (a->batch != claim && a->epoch != a->told)
            return; /* goes on once batches of that epoch are made */
        a->told = a->epoch;
        for (; a->row < a->n_rows; a->row++, n++) {
            if (dp_is_wanted(&a->graph->wanted, a->n_rows, a->row) &&
                !tell(a, &a->rows[a->row * a->graph->n_segments], &turn))
                return;
        }
        stand_at(a, a->batch + 1);
    }
}
