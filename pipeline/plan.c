/* plan.c - the stages of texts fitted to one another, each from its reader up
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two passes over the main text and the texts of the streams joined to it: say how many epochs of
 * each order stage can be asked for at once, from the top down; plan every stage from its reader
 * up.
 */
#include "pipeline/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/tensor.h"
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
    dp_columns columns;
    uint32_t segment, node;
    uint64_t length, claims;
    bool streamed;         /* something else than samplers stands behind the reader */
    const dp_found *batch; /* whose batches the transforms that are planned work on; NULL = rows */
} level;

static dp_status plan_params(dp_graph *g, const dp_transform *t, void *params, const dp_column *in,
                             dp_column *out, dp_error *err)
{
    const dp_status status = t->plan == NULL ? DP_OK : t->plan(params, in, out, &g->arena, err);

    if (status == DP_OK)
        dp_graph_keep_space(g, t, params);
    return status;
}

/* What may be left out keeps the type, of the smallest rows as well. */
static dp_status check_kept(const dp_step *step, const dp_column *out, dp_error *err)
{
    const struct dp_each *each = step->each;

    if (!dp_tensor_same_type(&out->type, &step->in))
        return dp_fail(err, DP_ESPEC, "it makes %s of %s: what may be left out keeps the type",
                       dp_tensor_type(&out->type).text, dp_tensor_type(&step->in).text);
    if (each != NULL && memcmp(each->least, each->low, (size_t)each->n * sizeof each->low[0]) != 0)
        return dp_fail(err, DP_ESPEC,
                       "it makes %s of smaller rows, too: what may be left out keeps the type",
                       dp_tensor_type(&out->type).text);
    return DP_OK;
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
    status = dp_varies(g, step) ? dp_each_plan(g, step, column, &out, err)
                                : plan_params(g, step->transform, step->params, column, &out, err);
    if (status == DP_OK && step->gate != DP_NO_GATE)
        status = check_kept(step, &out, err);
    if (status != DP_OK)
        return status;
    if (dp_makes_samples(step->transform))
        g->pictures[step->slot] = NULL;
    step->out = step->made = out.type;
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
    const dp_holds holds = found->transform->holds;

    for (uint32_t i = 0; i < found->held->n; i++) {
        const dp_found *inner = &found->held->found[i];
        const dp_step like = {
            .gate = gate, .opens = holds == DP_HOLDS_ALL ? 1 : i, .among = holds == DP_HOLDS_SOME};
        const dp_status status =
            dp_stage_failed(inner->info, found->column, add_step(b, l, inner, &like, err), err);
        if (status != DP_OK)
            return status;
    }
    return DP_OK;
}

static dp_status check_mixed(const dp_found *found, const dp_column *c, bool image, dp_error *err)
{
    const dp_dtype type = c->type.dtype;

    if (c->type.rank == 0 || (type != DP_F32 && type != DP_F64 && !(image && type == DP_U8)))
        return dp_fail(err, DP_ESPEC, "%s are mixed: column %s is %s",
                       image ? "images of uint8, float32 or float64"
                             : "labels of float32 or float64, one-hot,",
                       c->name, dp_tensor_type(&c->type).text);
    if (found->replayed != NULL && !image && type == DP_F64)
        return dp_fail(err, DP_ESPEC,
                       "%s makes labels float32: put type_cast data_type=float32 column=%s before "
                       "it",
                       found->replayed->name, c->name);
    return DP_OK;
}

static void keep_space(dp_graph *g, const dp_tensor *row)
{
    const size_t bytes = dp_tensor_bytes(row);

    g->space = bytes > g->space ? bytes : g->space;
}

/* Adds a transform behind batch, which mixes rows of two columns. */
static dp_status add_mix(dp_builder *b, const level *l, const dp_found *found, dp_error *err)
{
    dp_graph *g = b->graph;
    const dp_mixing *p = found->params;
    const uint32_t image = dp_column_find(&l->columns, p->column, strlen(p->column));
    const uint32_t label = dp_column_find(&l->columns, p->label, strlen(p->label));
    dp_column out;
    dp_status status;

    if (image == l->columns.n || label == l->columns.n)
        return dp_column_missing(image == l->columns.n ? p->column : p->label,
                                 strlen(image == l->columns.n ? p->column : p->label), err);
    status = check_mixed(found, &l->columns.column[image], true, err);
    if (status == DP_OK)
        status = check_mixed(found, &l->columns.column[label], false, err);
    if (status != DP_OK)
        return status;
    if (l->columns.owner[image] != l->columns.owner[label])
        return dp_fail(err, DP_ESPEC,
                       "the rows of one batch are mixed, not of two that are zipped");
    out = l->columns.column[image];
    g->mixes[g->n_mixes++] = (dp_mix){.transform = found->transform,
                                      .params = found->params,
                                      .key = dp_rng_key(b->seed, found->info->name, found->use),
                                      .image = image,
                                      .label = label,
                                      .draws = g->n_draws,
                                      .replayed = found->replayed != NULL};
    g->n_draws += dp_n_draws(found->transform);
    keep_space(g, &l->columns.column[image].type); /* of a row, beside the batch */
    keep_space(g, &l->columns.column[label].type);
    return plan_params(g, found->transform, found->params, &l->columns.column[image], &out, err);
}

static dp_status plan_transform(dp_builder *b, level *l, const dp_found *found, dp_error *err)
{
    dp_graph *g = b->graph;
    const uint32_t first = g->n_steps, gate = g->n_draws;
    const dp_step like = {.gate = DP_NO_GATE};
    dp_replayed replayed = {.library = found->replayed, .first = first, .batch = l->batch};
    dp_node *node;
    dp_status status;

    l->streamed = true;
    if (found->transform->mix != NULL)
        status = add_mix(b, l, found, err);
    else
        status = add_step(b, l, found, &like, err);
    if (status == DP_OK && found->held != NULL)
        status = add_held(b, l, found, gate, err);
    if (status == DP_OK && l->branch->batch_node < l->branch->n_nodes)
        status = dp_vary_check(g, &l->columns, err);
    if (status != DP_OK || found->replayed == NULL)
        return status;
    for (uint32_t s = first; s < g->n_steps; s++)
        g->steps[s].replayed = true;
    if (found->transform->mix != NULL)
        replayed.mix = &g->mixes[g->n_mixes - 1];
    node = &l->branch->nodes[l->node++];
    node->below = node->length = l->length;
    return dp_replay_plan(node, &replayed, g, err);
}

/* The columns of the other stream stand in the slots of the same names here. */
static dp_status join_columns(dp_builder *b, level *l, const level *other, uint32_t first_step,
                              dp_error *err)
{
    dp_graph *g = b->graph;
    uint32_t to[DP_MAX_SLOTS];

    if (other->columns.n != l->columns.n)
        return dp_fail(err, DP_ESPEC, "%u columns here, %u in the other stream", l->columns.n,
                       other->columns.n);
    for (uint32_t s = 0; s < DP_MAX_SLOTS; s++)
        to[s] = s;
    for (uint32_t c = 0; c < l->columns.n; c++) {
        dp_column *mine = &l->columns.column[c];
        dp_status status;
        const uint32_t o = dp_column_find(&other->columns, mine->name, strlen(mine->name));
        if (o == other->columns.n)
            return dp_fail(err, DP_ESPEC, "the other stream has no column '%.40s'", mine->name);
        status = dp_vary_join(g, mine, l->columns.slot[c], &other->columns.column[o],
                              other->columns.slot[o], err);
        if (status != DP_OK)
            return status;
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
    if (node->order->join == DP_EITHER) {
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
    node->streamed = l->streamed;
    l->streamed = l->streamed || !node->order->sampler;
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
        status = dp_vary_check(g, &l->columns, b->err);
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
    if (status == DP_OK && node->order->at != NULL && node->order->rows == NULL)
        status = dp_vary_narrow(g, l->branch, l->node, l->length, &l->columns, b->err);
    return dp_found_fail(b, found, status);
}

static void say_further(dp_error *err, const char *text)
{
    const size_t n = strlen(err->message);

    snprintf(err->message + n, sizeof err->message - n, "%s", text);
}

/* What is damaged is asked for once more where the local cache had some of it. */
static dp_status open_source(dp_builder *b, const dp_found *found, dp_source *out)
{
    dp_arena *arena = &b->graph->arena;
    dp_status status;
    dp_error why = {.message = ""};

    out->opener = (dp_opener){.options = b->options, .arena = arena};
    status = found->reader->open(found->params, b->options, arena, out, &why);
    if (status == DP_ECORRUPT && dp_opener_renew(&out->opener)) {
        dp_log(b->options, "warning: the local cache is passed by: %s", why.message);
        *out = (dp_source){.opener = out->opener};
        status = found->reader->open(found->params, b->options, arena, out, &why);
        if (status == DP_ECORRUPT)
            say_further(&why, " (past the local cache, too)");
    }
    if (status != DP_OK && b->err != NULL)
        *b->err = why;
    return dp_found_fail(b, found, status);
}

static dp_status open_reader(dp_builder *b, level *l, const dp_found *found)
{
    dp_graph *g = b->graph;
    dp_branch *branch = l->branch;
    const dp_status status = open_source(b, found, &branch->source);

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
        g->pictures[g->n_slots] = branch->source.pictures[c];
        l->columns.slot[c] = branch->slots[c] = g->n_slots++;
        l->columns.owner[c] = branch;
    }
    return DP_OK;
}

static dp_status plan_stage(dp_builder *b, level *l, const dp_found *found)
{
    return found->order != NULL ? plan_order(b, l, found)
                                : dp_found_fail(b, found, plan_transform(b, l, found, b->err));
}

/* Transforms that stand directly behind batch are planned before it, where they are the same. */
static uint32_t stages_of_batch(const dp_found_text *stages, uint32_t i)
{
    uint32_t n = 1;

    while (stages->found[i].order == &dp_order_batch && i + n < stages->n &&
           stages->found[i + n].transform != NULL)
        n++;
    return n;
}

static dp_status plan_branch(dp_builder *b, const dp_found_text *stages, level *l)
{
    dp_status status;

    l->branch->batch_node = l->branch->n_nodes;
    l->branch->batch_size = 1;
    status = open_reader(b, l, &stages->found[0]);
    if (status == DP_OK && l->branch->source.groups != NULL)
        status = plan_order(b, l, &stages->found[0]);
    for (uint32_t i = 1, n; i < stages->n && status == DP_OK; i += n) {
        n = stages_of_batch(stages, i);
        l->batch = n > 1 ? &stages->found[i] : NULL;
        for (uint32_t k = 1; k <= n && status == DP_OK; k++) /* batch itself last */
            status = plan_stage(b, l, &stages->found[i + k % n]);
    }
    l->branch->length = l->length;
    if (l->branch->batch_node == l->branch->n_nodes)
        l->branch->batched = l->segment;
    return status;
}

dp_status dp_plan(dp_builder *b, const dp_found_text *stages)
{
    dp_graph *g = b->graph;
    level main_level = {.branch = &g->branches[0]};
    dp_status status;

    count_epochs(main_level.branch, 1, false);
    status = plan_branch(b, stages, &main_level);
    g->length = main_level.length;
    g->columns = main_level.columns;
    return status;
}
