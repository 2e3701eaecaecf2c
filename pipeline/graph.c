/* graph.c - texts fitted together: readers, order stages, transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Three passes over the main text and the texts of the streams joined to it: parse and find every
 * stage (builder.c); say how many epochs of each order stage can be asked for at once, from the top
 * down; plan every stage from its reader up.
 */
#include "pipeline/graph.h"

#include <string.h>

#include "base/cpu.h"
#include "base/options.h"
#include "base/tensor.h"
#include "pipeline/builder.h"
#include "pipeline/order/columns.h"
#include "pipeline/order/rows.h"
#include "pipeline/order/shard.h"
#include "pipeline/replay.h"
#include "pipeline/vary.h"

/* How many epochs of each node a random node above it can ask for within one of its own. */
static void count_epochs(dp_branch *branch, uint64_t epochs, bool mixed)
{
    for (uint32_t i = branch->n_nodes; i-- > 0;) {
        dp_node *node = &branch->nodes[i];
        node->epochs = (uint32_t)(epochs < UINT32_MAX ? epochs : UINT32_MAX);
        mixed = mixed || node->order->random;
        if (mixed && node->order->epochs != NULL &&
            __builtin_mul_overflow(epochs, node->order->epochs(node), &epochs))
            epochs = UINT32_MAX;
        if (node->with != NULL)
            count_epochs(node->with, epochs, mixed);
    }
}

/* ---- one text, from its reader up ---- */

/* The state of planning: what the stages so far deliver. */
typedef struct level {
    dp_branch *branch;
    const dp_found_text *stages;
    dp_columns columns;
    uint32_t segment, node;
    uint64_t length, claims;
} level;

static dp_status plan_params(dp_graph *g, const dp_transform *t, void *params, const dp_column *in,
                             dp_column *out, dp_error *err)
{
    return t->plan == NULL ? DP_OK : t->plan(params, in, out, &g->arena, err);
}

static dp_status add_step(dp_builder *b, level *l, const dp_found *found, const dp_step *like,
                          dp_error *err)
{
    dp_graph *g = b->graph;
    const char *name = *(const char **)found->params;
    const uint32_t c = dp_column_find(&l->columns, name, strlen(name));
    dp_step *step = &g->steps[g->n_steps];
    dp_column *column = &l->columns.column[c], out;
    dp_status status;

    if (c == l->columns.n)
        return dp_column_missing(name, strlen(name), err);
    *step = *like;
    step->transform = found->transform;
    step->params = found->params;
    step->key = dp_rng_key(b->seed, found->info->name, found->use);
    step->slot = l->columns.slot[c];
    step->segment = l->segment;
    step->node = l->node;
    step->draws = g->n_draws;
    step->in = column->type;
    out = *column;
    status = g->least[step->slot] != NULL
                 ? dp_each_plan(g, step, column, &out, err)
                 : plan_params(g, step->transform, step->params, column, &out, err);
    if (status != DP_OK)
        return status;
    g->least[step->slot] = NULL;
    if (step->gate != DP_NO_GATE && !dp_tensor_same_type(&out.type, &column->type))
        return dp_fail(err, DP_ESPEC, "it makes %s of %s: what may be left out keeps the type",
                       dp_tensor_type(&out.type).text, dp_tensor_type(&column->type).text);
    step->out = out.type;
    *column = out;
    g->n_draws += dp_n_draws(step->transform);
    g->n_steps++;
    if (step->transform->then == NULL)
        return DP_OK;
    g->steps[g->n_steps] = *step;
    g->steps[g->n_steps].second = true;
    g->steps[g->n_steps++].in = step->out;
    return DP_OK;
}

/* The transforms that one holds: each is a step behind a gate. */
static dp_status add_held(dp_builder *b, level *l, const dp_found *found, uint32_t gate,
                          dp_error *err)
{
    const bool one = found->transform->holds == DP_HOLDS_ONE;

    for (uint32_t i = 0; i < found->held->n; i++) {
        const dp_found *inner = &found->held->found[i];
        const dp_step like = {.gate = gate, .opens = one ? i : 1};
        const dp_status status =
            dp_stage_failed(inner->info, found->column, add_step(b, l, inner, &like, err), err);
        if (status != DP_OK)
            return status;
    }
    return DP_OK;
}

/* Adds a transform behind batch, which mixes rows of two columns. */
static dp_status add_mix(dp_builder *b, const level *l, const dp_found *found, dp_error *err)
{
    dp_graph *g = b->graph;
    const dp_mixing *p = found->params;
    const uint32_t image = dp_column_find(&l->columns, p->column, strlen(p->column));
    const uint32_t label = dp_column_find(&l->columns, p->label, strlen(p->label));
    dp_column out;

    if (image == l->columns.n || label == l->columns.n)
        return dp_column_missing(image == l->columns.n ? p->column : p->label,
                                 strlen(image == l->columns.n ? p->column : p->label), err);
    if (found->replayed != NULL)
        return dp_fail(err, DP_ESPEC, "%s's draws are not known: use order=native",
                       found->replayed->name);
    for (int i = 0; i < 2; i++) {
        const dp_column *c = &l->columns.column[i == 0 ? image : label];
        if ((c->type.dtype != DP_F32 && c->type.dtype != DP_F64) || c->type.rank == 0)
            return dp_fail(err, DP_ESPEC, "arrays of float32 or float64 are mixed: column %s is %s",
                           c->name, dp_tensor_type(&c->type).text);
    }
    if (l->columns.owner[image] != l->columns.owner[label])
        return dp_fail(err, DP_ESPEC,
                       "the rows of one batch are mixed, not of two that are zipped");
    out = l->columns.column[image];
    g->mixes[g->n_mixes++] =
        (dp_mix){found->transform, found->params,
                 dp_rng_key(b->seed, found->info->name, found->use), image, label};
    return plan_params(g, found->transform, found->params, &l->columns.column[image], &out, err);
}

static dp_status plan_transform(dp_builder *b, level *l, const dp_found *found, dp_error *err)
{
    dp_graph *g = b->graph;
    const uint32_t first = g->n_steps, gate = g->n_draws;
    const dp_step like = {.gate = DP_NO_GATE};
    dp_node *node;
    dp_status status;

    if (found->transform->mix != NULL)
        return add_mix(b, l, found, err);
    status = add_step(b, l, found, &like, err);
    if (status == DP_OK && found->held != NULL)
        status = add_held(b, l, found, gate, err);
    if (status != DP_OK || found->replayed == NULL)
        return status;
    if (g->steps[first].each != NULL)
        return dp_fail(
            err, DP_ESPEC,
            "%s's draws are known for rows of one shape: use order=native, or put resize "
            "size=height,width before it",
            found->replayed->name);
    for (uint32_t s = first; s < g->n_steps; s++)
        g->steps[s].replayed = true;
    node = &l->branch->nodes[l->node++];
    node->below = node->length = l->length;
    return dp_replay_plan(node, found->replayed, &g->steps[first], g->n_steps - first, &g->arena,
                          err);
}

/* The columns of the other stream stand in the slots of the same names here. */
static dp_status join_columns(dp_builder *b, const level *l, const level *other,
                              uint32_t first_step, dp_error *err)
{
    dp_graph *g = b->graph;
    uint32_t to[DP_MAX_SLOTS];

    if (dp_vary_check(g, &l->columns, "before it", err) != DP_OK ||
        dp_vary_check(g, &other->columns, "into the other stream", err) != DP_OK)
        return DP_ESPEC;
    if (other->columns.n != l->columns.n)
        return dp_fail(err, DP_ESPEC, "%u columns here, %u in the other stream", l->columns.n,
                       other->columns.n);
    for (uint32_t s = 0; s < DP_MAX_SLOTS; s++)
        to[s] = s;
    for (uint32_t c = 0; c < l->columns.n; c++) {
        const dp_column *mine = &l->columns.column[c], *theirs;
        const uint32_t o = dp_column_find(&other->columns, mine->name, strlen(mine->name));
        if (o == other->columns.n)
            return dp_fail(err, DP_ESPEC, "the other stream has no column '%.40s'", mine->name);
        theirs = &other->columns.column[o];
        if (!dp_tensor_same_type(&mine->type, &theirs->type))
            return dp_fail(err, DP_ESPEC, "column '%.40s' is %s here and %s there", mine->name,
                           dp_tensor_type(&mine->type).text, dp_tensor_type(&theirs->type).text);
        to[other->columns.slot[o]] = l->columns.slot[c];
    }
    for (uint32_t s = first_step; s < g->n_steps; s++)
        g->steps[s].slot = to[g->steps[s].slot];
    for (dp_branch *branch = other->branch; branch < g->branches + g->n_branches; branch++) {
        for (uint32_t c = 0; c < branch->source.n_columns; c++)
            branch->slots[c] = to[branch->slots[c]];
    }
    return DP_OK;
}

/* A value must be below both limits, or nothing is known of it. */
static void join_limits(dp_columns *columns, const dp_columns *other)
{
    for (uint32_t c = 0; c < columns->n; c++) {
        dp_column *mine = &columns->column[c];
        const uint32_t o = dp_column_find(other, mine->name, strlen(mine->name));
        if (other->column[o].limit == 0 || mine->limit == 0)
            mine->limit = 0;
        else if (other->column[o].limit > mine->limit)
            mine->limit = other->column[o].limit;
    }
}

/* Rows that are zipped before batch are in one batch, batches that are zipped stay apart. */
static dp_status add_columns(dp_columns *columns, const dp_columns *other, const dp_branch *owner,
                             dp_error *err)
{
    for (uint32_t o = 0; o < other->n; o++) {
        const char *name = other->column[o].name;
        if (dp_column_find(columns, name, strlen(name)) != columns->n)
            return dp_fail(err, DP_ESPEC,
                           "both streams have a column '%.40s': rename or project it", name);
        if (columns->n == DP_MAX_COLUMNS)
            return dp_fail(err, DP_ELIMIT, "a row has at most %d columns", DP_MAX_COLUMNS);
        columns->column[columns->n] = other->column[o];
        columns->owner[columns->n] = owner != NULL ? owner : other->owner[o];
        columns->slot[columns->n++] = other->slot[o];
    }
    return DP_OK;
}

static dp_status plan_branch(dp_builder *b, const dp_found_text *stages, level *l);

static dp_status plan_join(dp_builder *b, level *l, const dp_found *found, dp_node *node)
{
    dp_graph *g = b->graph;
    const uint32_t first_step = g->n_steps;
    level other = {.branch = node->with};
    dp_status status = plan_branch(b, found->with, &other);

    if (status != DP_OK)
        return status;
    if (node->order->join == DP_CONCAT) {
        status = join_columns(b, l, &other, first_step, b->err);
        if (status == DP_OK)
            join_limits(&l->columns, &other.columns);
    } else {
        const bool apart = l->branch->batch_node < l->branch->n_nodes;
        status = add_columns(&l->columns, &other.columns, apart ? NULL : l->branch, b->err);
    }
    node->lower = l->segment;
    node->segment = l->segment = g->n_segments++;
    g->parent[node->segment] = node->segment;
    g->parent[node->lower] = g->parent[other.segment] = node->segment;
    return dp_found_fail(b, found, status);
}

/* zip ends with the shorter stream, which may be meant or not. */
static void note_lengths(const dp_builder *b, const dp_node *node)
{
    const uint64_t one = node->below, other = node->with->length;

    if (node->order->join == DP_ZIP && one != other && one != DP_ENDLESS && other != DP_ENDLESS)
        dp_log(b->options,
               "warning: zip: %llu and %llu rows: the last %llu of the longer are left out",
               (unsigned long long)one, (unsigned long long)other,
               (unsigned long long)(one > other ? one - other : other - one));
}

static dp_status plan_order(dp_builder *b, level *l, const dp_found *found)
{
    dp_graph *g = b->graph;
    dp_node *node = &l->branch->nodes[l->node];
    dp_status status = DP_OK;

    node->below = l->length;
    node->claimed_below = l->claims;
    node->claims = 0;
    if (node->with != NULL)
        status = plan_join(b, l, found, node);
    if (status != DP_OK)
        return status;
    if (node->with != NULL)
        note_lengths(b, node);
    node->length = node->below;
    if (node->order->columns != NULL)
        status = node->order->columns(node->params, &l->columns, &g->arena, b->err);
    if (status == DP_OK && node->order->rows != NULL)
        status = dp_vary_check(g, &l->columns, "before it", b->err);
    if (status == DP_OK && node->order->plan != NULL) {
        node->length = 0;
        status = node->order->plan(node, &g->arena, b->err);
    }
    l->length = node->length;
    l->claims = node->claims != 0 ? node->claims : node->length;
    if (node->order->rows != NULL) {
        l->branch->batch_node = l->node;
        l->branch->batched = l->segment;
        l->branch->batch_size = node->group;
    }
    if (node->order == &dp_order_shard)
        g->shard = node->params;
    l->node++;
    return dp_found_fail(b, found, status);
}

static dp_status open_reader(dp_builder *b, level *l, const dp_found *found)
{
    dp_graph *g = b->graph;
    dp_branch *branch = l->branch;
    const dp_status status = dp_found_fail(
        b, found,
        found->reader->open(found->params, b->options, &g->arena, &branch->source, b->err));

    if (status != DP_OK)
        return status;
    branch->reader = found->reader;
    branch->params = found->params;
    branch->options = b->options;
    branch->opened = true;
    branch->segment = g->n_segments++;
    g->parent[branch->segment] = branch->segment;
    l->segment = branch->segment;
    l->length = l->claims = branch->source.n_records;
    l->columns.n = branch->source.n_columns;
    for (uint32_t c = 0; c < branch->source.n_columns; c++) {
        if (g->n_slots == DP_MAX_SLOTS)
            return dp_fail(b->err, DP_ELIMIT, "the readers have more than %d columns",
                           DP_MAX_SLOTS);
        l->columns.column[c] = branch->source.columns[c];
        g->least[g->n_slots] = branch->source.least[c];
        l->columns.slot[c] = branch->slots[c] = g->n_slots++;
        l->columns.owner[c] = branch;
    }
    return DP_OK;
}

static dp_status plan_branch(dp_builder *b, const dp_found_text *stages, level *l)
{
    dp_status status;

    l->stages = stages;
    l->branch->batch_node = l->branch->n_nodes;
    l->branch->batch_size = 1;
    status = open_reader(b, l, &stages->found[0]);
    if (status == DP_OK && l->branch->source.groups != NULL)
        status = plan_order(b, l, &stages->found[0]);
    for (uint32_t i = 1; i < stages->n && status == DP_OK; i++) {
        const dp_found *found = &stages->found[i];
        status = found->order != NULL
                     ? plan_order(b, l, found)
                     : dp_found_fail(b, found, plan_transform(b, l, found, b->err));
    }
    l->branch->length = l->length;
    if (l->branch->batch_node == l->branch->n_nodes)
        l->branch->batched = l->segment;
    return status;
}

/* ---- the whole ---- */

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
            g->steps[s].transform->apply != NULL)
            return true;
    }
    return false;
}

/* Which samples are written into the batch, and what the others need. */
static void place_samples(dp_graph *g)
{
    for (uint32_t slot = 0; slot < DP_MAX_SLOTS; slot++)
        g->delivered[slot] = -1;
    for (uint32_t c = 0; c < g->columns.n; c++)
        g->delivered[g->columns.slot[c]] = (int32_t)c;
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
            step->each != NULL || step->transform->then != NULL || step->transform->apply == NULL)
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
                           dp_cpu_level cpu, dp_error *err)
{
    dp_step *step = &g->steps[first];
    const uint32_t n = dp_pass_length(parts, collect_parts(g, first, parts, places));
    dp_status status;

    if (n == 0)
        return DP_OK;
    status = dp_pass_plan(&step->pass, parts, n, cpu, &g->arena, err);
    if (status != DP_OK)
        return status;
    for (uint32_t i = 1; i < n; i++)
        g->steps[places[i]].passed = true;
    step->last = g->steps[places[n - 1]].last;
    step->out = g->steps[places[n - 1]].out;
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
    dp_cpu_level cpu;
    dp_status status = dp_cpu_level_get(cpu_name, &cpu, err);

    if (parts == NULL || places == NULL)
        status = dp_arena_fail(&spare, err, "passes over pixels");
    for (uint32_t s = 0; s < g->n_steps && status == DP_OK && cpu != DP_CPU_SCALAR; s++) {
        if (!g->steps[s].passed && g->steps[s].gate == DP_NO_GATE && !g->steps[s].second &&
            g->steps[s].each == NULL)
            status = make_pass(g, s, parts, places, cpu, err);
    }
    dp_arena_free(&spare);
    return status;
}

dp_status dp_graph_open(dp_graph *g, const char *spec, uint64_t seed, const dp_options *options,
                        dp_error *err)
{
    dp_builder b = {.graph = g, .seed = seed, .options = options, .err = err};
    dp_found_text *stages;
    level main_level = {0};
    dp_status status;

    g->digests = options->digests != 0;
    status = dp_builder_find(&b, spec, &stages);
    if (status != DP_OK)
        return status;
    count_epochs(&g->branches[0], 1, false);
    main_level.branch = &g->branches[0];
    status = plan_branch(&b, stages, &main_level);
    if (status != DP_OK)
        return status;
    status = dp_found_fail(&b, &stages->found[stages->n - 1],
                           dp_vary_check(g, &main_level.columns, "behind it", err));
    if (status != DP_OK)
        return status;
    g->length = main_level.length;
    g->columns = main_level.columns;
    g->origin = stages->n == 1 ? g->branches[0].source.origin : NULL;
    place_samples(g);
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

void dp_graph_close(dp_graph *g)
{
    for (uint32_t i = 0; i < g->n_branches; i++) {
        const dp_branch *branch = &g->branches[i];
        if (branch->opened && branch->reader->close != NULL)
            branch->reader->close(branch->source.state);
    }
    dp_arena_free(&g->arena);
}

/* ---- rows ---- */

static void pass(dp_node *node, dp_row *row)
{
    if (node->order->random && !row->placed) {
        row->ordinal =
            node->order->place != NULL ? node->order->place(node, row->record) : row->record;
        row->placed = true;
    }
    if (node->order->at != NULL)
        node->order->at(node, row);
}

static void settle(dp_row *rows, uint32_t segment, dp_row *row)
{
    row->taken = true;
    if (!row->placed)
        row->ordinal = row->record;
    rows[segment] = *row;
}

/* From a position above nodes[top - 1] of the branch to the records of the readers below. */
static void descend(dp_branch *branch, uint32_t top, dp_row row, dp_row *rows)
{
    uint32_t segment = branch->batched;

    for (uint32_t i = top; i-- > 0;) {
        dp_node *node = &branch->nodes[i];
        pass(node, &row);
        if (node->with == NULL)
            continue;
        settle(rows, segment, &row);
        segment = node->lower;
        row = (dp_row){.record = row.record, .epoch = row.epoch, .draws = row.draws};
        if (node->order->join == DP_ZIP || row.record >= node->below) {
            dp_row other = row;
            other.record -= node->order->join == DP_ZIP ? 0 : node->below;
            descend(node->with, node->with->n_nodes, other, rows);
            if (node->order->join == DP_CONCAT)
                return;
        }
    }
    settle(rows, segment, &row);
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
        random = random || g->steps[s].transform->draw != NULL;
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

/* Turns a position of a batch stage into the first row that it groups; returns how many it
 * groups. */
static uint64_t group_rows(const dp_graph *g, dp_node *batch, dp_row *first)
{
    const uint64_t n = batch->order->rows(batch, first->record);
    uint64_t from, r;

    pass(batch, first);
    if (g->shard == NULL)
        return n;
    r = (uint64_t)g->shard->shard_id;
    from = dp_shard_first(g->shard, n, r);
    first->record += from;
    return dp_shard_first(g->shard, n, r + 1) - from;
}

/* The rows of one position at the top of a text, and of the texts that are zipped behind its batch;
 * the longest. */
static uint64_t text_rows(dp_graph *g, dp_branch *branch, dp_row first, dp_row *rows, double *draws)
{
    const bool batched = branch->batch_node < branch->n_nodes;
    uint64_t n = 1, most = 0;

    for (uint32_t i = branch->n_nodes; batched && i-- > branch->batch_node + 1;) {
        pass(&branch->nodes[i], &first);
        if (branch->nodes[i].with != NULL) {
            const dp_row other = {.record = first.record, .epoch = first.epoch};
            const uint64_t length = text_rows(g, branch->nodes[i].with, other, rows, draws);
            most = length > most ? length : most;
        }
    }
    if (batched)
        n = group_rows(g, &branch->nodes[branch->batch_node], &first);
    for (uint64_t i = 0; i < n; i++) {
        const dp_row row = {.record = first.record + i,
                            .epoch = first.epoch,
                            .draws = draws != NULL ? draws + i * g->n_draws : NULL};
        descend(branch, batched ? branch->batch_node : branch->n_nodes, row,
                &rows[i * g->n_segments]);
    }
    return n > most ? n : most;
}

uint64_t dp_graph_rows(dp_graph *g, uint64_t batch, dp_row *rows, double *draws)
{
    const dp_row first = {.record = batch};

    memset(rows, 0, (size_t)dp_graph_most_rows(g) * g->n_segments * sizeof *rows);
    return text_rows(g, &g->branches[0], first, rows, draws);
}

uint64_t dp_graph_count(dp_graph *g, uint64_t batch)
{
    dp_branch *branch = &g->branches[0];
    dp_row first = {.record = batch};

    if (!dp_graph_batched(g))
        return 1;
    for (uint32_t i = branch->n_nodes; i-- > branch->batch_node + 1;)
        pass(&branch->nodes[i], &first);
    return group_rows(g, &branch->nodes[branch->batch_node], &first);
}

static uint64_t rank_rows(const dp_graph *g, uint64_t rows)
{
    const uint64_t shards = g->shard != NULL ? (uint64_t)g->shard->num_shards : 1;

    return rows / shards + (rows % shards != 0);
}

uint64_t dp_graph_full_rows(const dp_graph *g, const dp_branch *branch)
{
    return rank_rows(g, branch->batch_size);
}

uint64_t dp_graph_most_rows(const dp_graph *g)
{
    uint64_t most = 1;

    for (uint32_t i = 0; i < g->n_branches && dp_graph_batched(g); i++) {
        const dp_branch *branch = &g->branches[i];
        const uint64_t below =
            branch->batch_node < branch->n_nodes ? branch->nodes[branch->batch_node].below : 1;
        const uint64_t rows = below < branch->batch_size ? below : branch->batch_size;
        most = rows > most ? rows : most;
    }
    return rank_rows(g, most);
}

bool dp_graph_reaches(const dp_graph *g, uint64_t batch)
{
    uint64_t rows;
    uint64_t most = 1;

    for (uint32_t i = 0; i < g->n_branches; i++)
        most = g->branches[i].batch_size > most ? g->branches[i].batch_size : most;
    return !__builtin_mul_overflow(batch, most, &rows) && rows < DP_MAX_ORDINAL;
}
