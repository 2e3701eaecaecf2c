/* graph.c - a text opened, and what is known of it then
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/graph.h"

#include "base/cpu.h"
#include "base/tensor.h"
#include "pipeline/builder.h"
#include "pipeline/plan.h"
#include "pipeline/vary.h"

void dp_graph_keep_space(dp_graph *g, const dp_transform *t, const void *params)
{
    const size_t space = dp_transform_space(t, params);

    if (space > g->space)
        g->space = space;
}

static void keep_scratch(size_t *scratch, const dp_tensor *type)
{
    const size_t bytes = dp_tensor_bytes(type);

    *scratch = bytes > *scratch ? bytes : *scratch;
}

/* Whether a column of rows in `segment`, in `slot`, is still changed by steps from `first` on. */
static bool changes(const dp_graph *g, uint32_t segment, uint32_t slot, uint32_t first)
{
    for (uint32_t s = first; s < g->n_steps; s++) {
        uint32_t above = segment;
        while (above != g->steps[s].segment && g->parent[above] != above)
            above = g->parent[above];
        if (g->steps[s].slot == slot && above == g->steps[s].segment &&
            dp_makes_samples(g->steps[s].transform))
            return true;
    }
    return false;
}

/* Whether less is done where a part of what it makes is wanted: by it, or by those before it. */
static bool gains_by_part(const dp_step *step)
{
    return step->follows || step->transform->decode != NULL || step->transform->makes_parts;
}

/* The step that gets what this one makes, if it says which part it reads. */
static dp_step *reader_of(const dp_graph *g, uint32_t first)
{
    const dp_step *step = &g->steps[first];
    uint32_t s = first + 1;

    while (s < g->n_steps &&
           (g->steps[s].slot != step->slot || !dp_makes_samples(g->steps[s].transform)))
        s++;
    return s < g->n_steps && g->steps[s].segment == step->segment &&
                   g->steps[s].gate == DP_NO_GATE && g->steps[s].transform->reads != NULL
               ? &g->steps[s]
               : NULL;
}

/* Which steps are fitted to a row together (vary.h). */
static void find_readers(dp_graph *g)
{
    for (uint32_t s = 0; s < g->n_steps; s++) {
        dp_step *step = &g->steps[s];
        dp_step *reader = step->gate == DP_NO_GATE && gains_by_part(step) ? reader_of(g, s) : NULL;
        if (reader == NULL)
            continue;
        step->reader = reader;
        reader->follows = true;
        g->fits = true;
    }
}

/* Which samples are written into the batch, and what the others need. */
static void place_samples(dp_graph *g)
{
    for (uint32_t slot = 0; slot < DP_MAX_SLOTS; slot++)
        g->delivered[slot] = -1;
    for (uint32_t c = 0; c < g->columns.n; c++) {
        g->delivered[g->columns.slot[c]] = (int32_t)c;
        g->row_bytes[c] = dp_tensor_bytes(&g->columns.column[c].type);
    }
    for (uint32_t i = 0; i < g->n_branches; i++) {
        dp_branch *branch = &g->branches[i];
        for (uint32_t c = 0; c < branch->source.n_columns; c++) {
            const uint32_t slot = branch->slots[c];
            branch->direct[c] = g->delivered[slot] >= 0 && !changes(g, branch->segment, slot, 0);
            if (!branch->direct[c])
                keep_scratch(&g->scratch[slot][0], &branch->source.columns[c].type);
        }
    }
    for (uint32_t s = 0; s < g->n_steps; s++) {
        dp_step *step = &g->steps[s];
        step->drawn = step->transform->draw != NULL && !step->second && !step->replayed;
        step->last = g->delivered[step->slot] >= 0 && !changes(g, step->segment, step->slot, s + 1);
        for (int i = 0; i < 2 && !step->last; i++)
            keep_scratch(&g->scratch[step->slot][i], &step->out);
    }
}

/* ---- steps in one pass ---- */

/* The steps on a slot from `first` on that follow one another whatever is drawn. */
static uint32_t collect_parts(const dp_graph *g, uint32_t first, dp_pass_part *parts,
                              uint32_t *places)
{
    uint32_t n = 0;

    for (uint32_t s = first; s < g->n_steps; s++) {
        const dp_step *step = &g->steps[s];
        if (step->slot != g->steps[first].slot)
            continue;
        if (step->segment != g->steps[first].segment || step->gate != DP_NO_GATE || step->second ||
            step->each != NULL || step->transform->then != NULL ||
            !dp_makes_samples(step->transform))
            break;
        places[n] = s;
        parts[n++] =
            (dp_pass_part){step->transform, step->params, step->draws, step->in, step->out};
    }
    return n;
}

static bool is_first(const dp_graph *g, uint32_t step)
{
    uint32_t s = 0;

    while (s < step && g->steps[s].slot != g->steps[step].slot)
        s++;
    return s == step;
}

/* Whether every reader that a slot's samples come from can give them as planes. */
static bool can_read_planes(const dp_graph *g, uint32_t slot)
{
    for (uint32_t i = 0; i < g->n_branches; i++) {
        const dp_branch *branch = &g->branches[i];
        for (uint32_t c = 0; c < branch->source.n_columns; c++) {
            if (branch->slots[c] == slot && (c > 0 || branch->reader->read_planes == NULL))
                return false;
        }
    }
    return true;
}

/* A pass that is the first on its slot may have the samples as planes. */
static void take_planes(dp_graph *g, const dp_step *step)
{
    for (uint32_t i = 0; i < g->n_branches; i++) {
        dp_branch *branch = &g->branches[i];
        if (branch->slots[0] != step->slot)
            continue;
        branch->planes = true;
        branch->reader->planes(branch->source.state);
    }
    dp_pass_take_planes(step->pass);
}

static dp_status make_pass(dp_graph *g, uint32_t first, dp_pass_part *parts, uint32_t *places,
                           dp_error *err)
{
    dp_step *step = &g->steps[first];
    const uint32_t n = dp_pass_length(parts, collect_parts(g, first, parts, places));
    dp_status status;

    if (n == 0)
        return DP_OK;
    status = dp_pass_plan(&step->pass, parts, n, g->cpu, &g->arena, err);
    if (status != DP_OK)
        return status;
    for (uint32_t i = 1; i < n; i++)
        g->steps[places[i]].passed = true;
    step->last = g->steps[places[n - 1]].last;
    step->out = g->steps[places[n - 1]].out;
    if (step->last)
        dp_pass_leave_caches(step->pass);
    if (dp_pass_wants_planes(step->pass) && is_first(g, first) && can_read_planes(g, step->slot))
        take_planes(g, step);
    return DP_OK;
}

/* The result is the same; DETPIPE_CPU=scalar runs every transform by itself, as specified. */
static dp_status make_passes(dp_graph *g, const char *cpu_name, dp_error *err)
{
    dp_arena spare = dp_arena_within(&g->arena);
    dp_pass_part *parts = dp_arena_alloc(&spare, g->n_steps + 1, sizeof *parts);
    uint32_t *places = dp_arena_alloc(&spare, g->n_steps + 1, sizeof *places);
    dp_status status = dp_cpu_level_get(cpu_name, &g->cpu, err);

    if (parts == NULL || places == NULL)
        status = dp_arena_fail(&spare, err, "passes over pixels");
    for (uint32_t s = 0; s < g->n_steps && status == DP_OK && g->cpu != DP_CPU_SCALAR; s++) {
        if (!g->steps[s].passed && g->steps[s].gate == DP_NO_GATE && !g->steps[s].second &&
            g->steps[s].each == NULL)
            status = make_pass(g, s, parts, places, err);
    }
    dp_arena_free(&spare);
    return status;
}

dp_status dp_graph_open(dp_graph *g, const char *spec, uint64_t seed, const dp_options *options,
                        dp_error *err)
{
    dp_builder b = {.graph = g, .seed = seed, .options = options, .files = options, .err = err};
    dp_found_text *stages;
    dp_status status;

    g->digests = options->digests != 0;
    status = dp_builder_find(&b, spec, &stages);
    if (status == DP_OK)
        status = dp_plan(&b, stages);
    if (status != DP_OK)
        return status;
    g->origin = stages->n == 1 ? g->branches[0].source.origin : NULL;
    place_samples(g);
    find_readers(g);
    status = make_passes(g, options->cpu, err);
    return status == DP_OK ? dp_builder_name(&b, stages) : status;
}

dp_status dp_graph_name(dp_graph *g, const char *spec, const dp_options *options, dp_error *err)
{
    dp_builder b = {.graph = g, .options = options, .err = err};
    dp_found_text *stages;
    dp_status status;

    status = dp_builder_find(&b, spec, &stages);
    return status == DP_OK ? dp_builder_name(&b, stages) : status;
}

dp_status dp_graph_keep(dp_graph *g, const dp_options *options, dp_error *err)
{
    dp_status status = DP_OK;

    for (uint32_t i = 0; i < g->n_branches && status == DP_OK; i++) {
        const dp_branch *branch = &g->branches[i];
        if (branch->reader->keep != NULL)
            status = branch->reader->keep(branch->source.state, options, &g->arena, err);
    }
    return status;
}

void dp_graph_close(dp_graph *g)
{
    for (uint32_t i = 0; i < g->n_branches; i++) {
        dp_branch *branch = &g->branches[i];
        if (branch->opened && branch->reader->close != NULL)
            branch->reader->close(branch->source.state);
        dp_opener_close(&branch->source.opener);
    }
    dp_each_rooms_close(g);
    dp_arena_free(&g->arena);
}

bool dp_graph_batched(const dp_graph *g)
{
    return g->branches[0].batch_node < g->branches[0].n_nodes;
}

bool dp_graph_random(const dp_graph *g)
{
    bool random = g->n_mixes > 0;

    for (uint32_t b = 0; b < g->n_branches; b++) {
        for (uint32_t i = 0; i < g->branches[b].n_nodes; i++)
            random = random || g->branches[b].nodes[i].order->random;
    }
    for (uint32_t s = 0; s < g->n_steps; s++)
        random = random || dp_draws_numbers(g->steps[s].transform);
    return random;
}

uint64_t dp_graph_epoch(const dp_graph *g, uint64_t *epochs)
{
    const dp_branch *branch = &g->branches[0];
    const dp_node *last = branch->n_nodes > 0 ? &branch->nodes[branch->n_nodes - 1] : NULL;
    const bool repeats = last != NULL && last->order->epochs != NULL;

    *epochs = repeats ? last->order->epochs(last) : 1;
    return repeats ? last->below : g->length;
}
