/* draws.c - rows that are looked at, not made: their records, and what is drawn for them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/number/num.h"
#include "base/tensor.h"
#include "pipeline/pipeline.h"
#include "pipeline/walk.h"

/* Room for a row that steps are planned for. */
static dp_status make_room(dp_pipeline *p, dp_error *err)
{
    dp_graph *g = &p->graph;
    size_t sizes[DP_MAX_SLOTS] = {0};
    dp_status status = DP_OK;

    if (g->fits)
        status = dp_each_room_new(g, &p->room, err);
    for (uint32_t i = 0; i < g->n_branches && g->decodes; i++) {
        const dp_branch *branch = &g->branches[i];
        for (uint32_t c = 0; c < branch->source.n_columns; c++) {
            const size_t bytes = dp_tensor_bytes(&branch->source.columns[c].type);
            size_t *size = &sizes[branch->slots[c]];
            *size = bytes > *size ? bytes : *size;
        }
    }
    for (uint32_t slot = 0; slot < g->n_slots && g->decodes; slot++) {
        p->buffers[slot] = dp_arena_alloc(&g->arena, sizes[slot], 1);
        if (p->buffers[slot] == NULL)
            return dp_arena_fail(&g->arena, err, "a row");
    }
    return status;
}

/* Room for the rows of one batch that is only looked at. */
static dp_status make_view(dp_pipeline *p, dp_error *err)
{
    dp_graph *g = &p->graph;
    const size_t n = (size_t)dp_graph_most_rows(g);
    dp_status status = dp_handle_check(&p->handle, err);

    if (status != DP_OK || p->rows != NULL)
        return status;
    status = make_room(p, err);
    if (status != DP_OK)
        return status;
    p->draws = dp_arena_alloc(&g->arena, n + 1, (g->n_draws + 1) * sizeof *p->draws);
    if (p->draws != NULL)
        p->rows = dp_arena_alloc(&g->arena, n + 1, g->n_segments * sizeof *p->rows);
    return p->rows == NULL ? dp_arena_fail(&g->arena, err, "the rows of a batch") : DP_OK;
}

dp_status dp_records(dp_pipeline *p, uint64_t batch, int64_t *records, size_t capacity,
                     size_t *n_rows, size_t *n_readers, dp_error *err)
{
    const dp_graph *g;
    dp_status status;

    if (p == NULL || n_rows == NULL || n_readers == NULL)
        return dp_fail(err, DP_EINVAL, "dp_records: %s is NULL",
                       p == NULL        ? "the pipeline"
                       : n_rows == NULL ? "n_rows"
                                        : "n_readers");
    g = &p->graph;
    if (batch >= g->length || !dp_graph_reaches(g, batch + 1))
        return dp_fail(err, DP_EINVAL, "dp_records: there is no batch %llu",
                       (unsigned long long)batch);
    status = make_view(p, err);
    if (status != DP_OK)
        return status;
    *n_readers = g->n_branches;
    *n_rows = (size_t)dp_ring_rows(&p->ring, batch, p->rows, NULL);
    if (records != NULL && capacity / g->n_branches < *n_rows)
        return dp_fail(err, DP_ELIMIT,
                       "dp_records: %zu numbers are too few for %zu rows of %u readers", capacity,
                       *n_rows, g->n_branches);
    for (size_t i = 0; records != NULL && i < *n_rows; i++) {
        for (uint32_t r = 0; r < g->n_branches; r++) {
            const dp_row *row = &p->rows[i * g->n_segments + g->branches[r].segment];
            records[i * g->n_branches + r] = row->taken ? (int64_t)row->record : -1;
        }
    }
    return DP_OK;
}

/* " left=3 top=8" */
static void print_numbers(const dp_transform *t, const double *draws, dp_out *out)
{
    const char *name = t->drawn;

    for (uint32_t i = 0; i < dp_n_draws(t); i++) {
        char text[DP_NUMBER_SIZE + 64], number[DP_NUMBER_SIZE];
        const int length = (int)strcspn(name, ",");
        dp_print_number(number, draws[i]);
        snprintf(text, sizeof text, " %.*s=%s", length, name, number);
        dp_out_text(out, text);
        name += name[length] == ',' ? length + 1 : length;
    }
}

static void print_draws(const dp_graph *g, const dp_row *rows, const double *draws, dp_out *out)
{
    for (uint32_t s = 0; s < g->n_steps; s++) {
        const dp_step *step = &g->steps[s];
        if (step->transform->draw == NULL || step->second || !rows[step->segment].taken)
            continue;
        dp_out_text(out, step->transform->info.name);
        if (dp_step_open(step, draws))
            print_numbers(step->transform, draws + step->draws, out);
        else
            dp_out_text(out, " -");
        dp_out_text(out, "\n");
    }
    for (uint32_t i = 0; i < g->n_mixes; i++) {
        const dp_mix *mix = &g->mixes[i];
        if (!rows[g->columns.owner[mix->image]->batched].taken)
            continue;
        dp_out_text(out, mix->transform->info.name);
        print_numbers(mix->transform, draws + mix->draws, out);
        dp_out_text(out, "\n");
    }
}

/* The numbers of a row, or NULL: there is no such row, or a file in it cannot be read. */
static const double *draw_row(dp_pipeline *p, uint64_t batch, size_t i)
{
    const dp_graph *g = p != NULL ? &p->graph : NULL;
    const dp_row *rows;
    double *draws;
    uint64_t n;

    if (g == NULL || batch >= g->length || !dp_graph_reaches(g, batch + 1) ||
        make_view(p, NULL) != DP_OK)
        return NULL;
    n = dp_ring_rows(&p->ring, batch, p->rows, p->draws);
    if (i >= n)
        return NULL;
    dp_batch_draw_mixes(g, batch, p->rows, n, p->draws);
    draws = p->draws + i * g->n_draws;
    rows = &p->rows[i * g->n_segments];
    if (!g->fits)
        dp_batch_draw(g, rows, draws);
    else if (dp_batch_draw_each(g, rows, draws, p->room, p->buffers, NULL) != DP_OK)
        return NULL;
    return draws;
}

/* Where the text goes, which is "" at first. */
static dp_out start(char *text, size_t size)
{
    if (text != NULL && size > 0)
        text[0] = '\0';
    return (dp_out){.text = text, .size = text != NULL ? size : 0};
}

size_t dp_draws(dp_pipeline *p, uint64_t batch, size_t row, char *text, size_t size)
{
    dp_out out = start(text, size);
    const double *draws = draw_row(p, batch, row);

    if (draws != NULL)
        print_draws(&p->graph, &p->rows[row * p->graph.n_segments], draws, &out);
    return out.length;
}

static void print_stage(const dp_stage_info *info, const void *params, dp_out *out)
{
    dp_out_text(out, " | ");
    dp_params_print(info, params, out);
}

/* What the step did to the row.  False: no stage does that without drawing. */
static bool print_fixed_step(const dp_graph *g, const dp_step *step, const double *draws,
                             dp_out *out)
{
    const dp_transform *t = step->transform;
    const dp_fixing fixing = {&t->info, step->params, t->drawn, draws + step->draws, out};

    if (step->second || t->holds != DP_HOLDS_NONE || !dp_step_open(step, draws))
        return true;
    if (t->draw != NULL && step->each != NULL && g->decodes)
        return false; /* what it does is planned for more pictures than that in the one file */
    if (t->draw != NULL)
        return t->fixed != NULL && t->fixed(&fixing);
    print_stage(&t->info, step->params, out);
    return true;
}

/* Of the order stages those that choose and name columns. */
static void print_columns(const dp_branch *branch, uint32_t from, uint32_t to, dp_out *out)
{
    for (uint32_t i = from; i < to; i++) {
        if (branch->nodes[i].order->columns != NULL)
            print_stage(&branch->nodes[i].order->info, branch->nodes[i].params, out);
    }
}

static bool print_fixed(const dp_graph *g, const dp_row *row, const double *draws, dp_out *out)
{
    const dp_branch *branch = &g->branches[0];
    bool fixed = g->n_branches == 1 && g->n_mixes == 0 && branch->source.groups == NULL;
    uint32_t node = 0;
    char sampler[64];

    snprintf(sampler, sizeof sampler, " | subset_sampler indices=%llu",
             (unsigned long long)row->record);
    dp_params_print(&branch->reader->info, branch->params, out);
    dp_out_text(out, sampler);
    for (uint32_t s = 0; s < g->n_steps && fixed; s++) {
        print_columns(branch, node, g->steps[s].node, out);
        node = g->steps[s].node;
        fixed = print_fixed_step(g, &g->steps[s], draws, out);
    }
    print_columns(branch, node, branch->n_nodes, out);
    return fixed;
}

size_t dp_fixed(dp_pipeline *p, uint64_t batch, size_t row, char *text, size_t size)
{
    dp_out out = start(text, size);
    const double *draws = draw_row(p, batch, row);

    if (draws != NULL && !print_fixed(&p->graph, &p->rows[row * p->graph.n_segments], draws, &out))
        out = start(text, size);
    return out.length;
}
