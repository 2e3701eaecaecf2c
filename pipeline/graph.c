/* graph.c - a text fitted together: reader, order stages, transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/graph.h"

#include <string.h>

#include "base/hash.h"
#include "base/tensor.h"
#include "pipeline/state.h"

typedef struct builder {
    dp_graph *graph;
    dp_text text;
    const dp_stage_info **infos; /* of each stage */
    void **params;
    uint64_t seed;
    const char *root;
    dp_error *err;
} builder;

#define FIND(list, row)                                                                            \
    for (size_t i = 0; list[i] != NULL; i++) {                                                     \
        if (&list[i]->info == row)                                                                 \
            return list[i];                                                                        \
    }                                                                                              \
    return NULL

static const dp_reader *reader_of(const dp_stage_info *info) { FIND(dp_readers, info); }
static const dp_order *order_of(const dp_stage_info *info) { FIND(dp_orders, info); }
static const dp_transform *transform_of(const dp_stage_info *info) { FIND(dp_transforms, info); }

static size_t params_size(const dp_stage_info *info)
{
    const dp_reader *reader = reader_of(info);
    const dp_order *order = order_of(info);
    return reader != NULL ? reader->size : order != NULL ? order->size : transform_of(info)->size;
}

/* How many stages of the same name stand before stage i. */
static uint32_t use_of(const builder *b, uint32_t i)
{
    uint32_t use = 0;
    for (uint32_t j = 0; j < i; j++)
        use += b->infos[j] == b->infos[i];
    return use;
}

/* An error that a plan reported gets the stage's column. */
static dp_status at_stage(const builder *b, uint32_t i, dp_status status)
{
    if (status != DP_OK && b->err != NULL && b->err->column == 0)
        b->err->column = b->text.stages[i].column;
    return status;
}

static dp_status bind_stages(builder *b)
{
    dp_arena *arena = &b->graph->arena;
    const uint32_t n = b->text.n_stages;

    b->infos = dp_arena_alloc(arena, n, sizeof *b->infos);
    b->params = dp_arena_alloc(arena, n, sizeof *b->params);
    if (b->infos == NULL || b->params == NULL)
        return dp_arena_fail(arena, b->err, "the stages");
    for (uint32_t i = 0; i < n; i++) {
        const dp_text_stage *stage = &b->text.stages[i];
        const char *hint;
        dp_status status;
        b->infos[i] = dp_stage_find(dp_stage_table, dp_n_stages, stage->name, &hint);
        if (b->infos[i] == NULL)
            return dp_stage_unknown(stage, hint, "stage", b->err);
        b->params[i] = dp_arena_alloc(arena, 1, params_size(b->infos[i]));
        if (b->params[i] == NULL)
            return dp_arena_fail(arena, b->err, "the stages");
        status = dp_params_bind(b->infos[i], stage, b->params[i], b->err);
        if (status != DP_OK)
            return status;
    }
    return DP_OK;
}

/* Grammar above the stages: one reader, at the front; one batch; transforms before it. */
static dp_status check_places(const builder *b)
{
    uint32_t batch = UINT32_MAX;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        const char *name = b->infos[i]->name;
        const uint32_t column = b->text.stages[i].column;
        const bool reader = reader_of(b->infos[i]) != NULL;
        if (i == 0 && !reader)
            return dp_fail_at(b->err, DP_ESPEC, column,
                              "a text begins with a reader (cifar10, synthetic, ...), not with %s",
                              name);
        if (i > 0 && reader)
            return dp_fail_at(b->err, DP_ESPEC, column,
                              "%s is a reader: it can only be the first stage", name);
        if (batch != UINT32_MAX && transform_of(b->infos[i]) != NULL)
            return dp_fail_at(b->err, DP_ESPEC, column, "%s works on rows: put it before batch",
                              name);
        if (strcmp(name, "batch") == 0) {
            if (batch != UINT32_MAX)
                return dp_fail_at(b->err, DP_ESPEC, column,
                                  "there is a batch already, at column %u",
                                  b->text.stages[batch].column);
            batch = i;
        }
    }
    return DP_OK;
}

/* How many epochs of each node a random node above it can ask for within one of its own. */
static void count_epochs(dp_graph *g)
{
    uint64_t epochs = 1;
    bool mixed = false;

    for (uint32_t i = g->n_nodes; i-- > 0;) {
        const dp_node *node = &g->nodes[i];
        g->nodes[i].epochs = (uint32_t)(epochs < UINT32_MAX ? epochs : UINT32_MAX);
        mixed = mixed || node->order->random;
        if (mixed && node->order->epochs != NULL &&
            __builtin_mul_overflow(epochs, node->order->epochs(node), &epochs))
            epochs = UINT32_MAX;
    }
}

static dp_status plan_order(builder *b)
{
    dp_graph *g = b->graph;
    uint64_t below = g->source.n_records, rows = 1;

    g->nodes = dp_arena_alloc(&g->arena, b->text.n_stages, sizeof *g->nodes);
    if (g->nodes == NULL)
        return dp_arena_fail(&g->arena, b->err, "the order");
    for (uint32_t i = 1; i < b->text.n_stages; i++) {
        const dp_order *order = order_of(b->infos[i]);
        if (order != NULL)
            g->nodes[g->n_nodes++] =
                (dp_node){.order = order,
                          .params = b->params[i],
                          .group = 1,
                          .key = dp_rng_key(b->seed, order->info.name, use_of(b, i))};
    }
    count_epochs(g);
    g->batch_node = g->n_nodes;
    for (uint32_t i = 1, n = 0; i < b->text.n_stages; i++) {
        dp_node *node = &g->nodes[n];
        dp_status status;
        if (order_of(b->infos[i]) == NULL)
            continue;
        node->below = below;
        status = at_stage(b, i, node->order->plan(node, &g->arena, b->err));
        if (status != DP_OK)
            return status;
        below = node->length;
        if (node->order == &dp_order_batch) {
            g->batch_node = n;
            rows = node->group;
        }
        n++;
    }
    g->length = below;
    g->batch_size = rows;
    return DP_OK;
}

static dp_status plan_step(builder *b, uint32_t i, dp_step *step)
{
    dp_graph *g = b->graph;
    const char *name = *(const char **)b->params[i];
    dp_column out;
    dp_status status;

    step->transform = transform_of(b->infos[i]);
    step->params = b->params[i];
    step->key = dp_rng_key(b->seed, b->infos[i]->name, use_of(b, i));
    while (step->column < g->source.n_columns && strcmp(g->columns[step->column].name, name) != 0)
        step->column++;
    if (step->column == g->source.n_columns)
        return dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                          "%s: there is no column '%.40s'", b->infos[i]->name, name);
    out = g->columns[step->column];
    status =
        step->transform->plan(step->params, &g->columns[step->column], &out, &g->arena, b->err);
    if (status != DP_OK)
        return at_stage(b, i, status);
    step->in = g->columns[step->column].type;
    step->out = out.type;
    g->columns[step->column] = out;
    if (dp_tensor_bytes(&step->in) > g->scratch[step->column])
        g->scratch[step->column] = dp_tensor_bytes(&step->in);
    return DP_OK;
}

static void mark_last_steps(dp_graph *g)
{
    bool seen[DP_MAX_COLUMNS] = {false};

    for (uint32_t s = g->n_steps; s-- > 0;) {
        g->steps[s].last = !seen[g->steps[s].column];
        seen[g->steps[s].column] = true;
    }
}

static dp_status plan_steps(builder *b)
{
    dp_graph *g = b->graph;

    memcpy(g->columns, g->source.columns, sizeof g->columns);
    g->steps = dp_arena_alloc(&g->arena, b->text.n_stages, sizeof *g->steps);
    if (g->steps == NULL)
        return dp_arena_fail(&g->arena, b->err, "the transforms");
    for (uint32_t i = 1; i < b->text.n_stages; i++) {
        dp_status status;
        if (transform_of(b->infos[i]) == NULL)
            continue;
        status = plan_step(b, i, &g->steps[g->n_steps++]);
        if (status != DP_OK)
            return status;
    }
    mark_last_steps(g);
    return DP_OK;
}

static void print_stages(const void *ctx, dp_out *out)
{
    const builder *b = ctx;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_out_text(out, i ? " | " : "");
        dp_params_print(b->infos[i], b->params[i], out);
    }
}

static dp_status name_stream(builder *b)
{
    dp_graph *g = b->graph;
    dp_hash h;

    g->spec = dp_out_arena(&g->arena, print_stages, b, NULL);
    if (g->spec == NULL)
        return dp_arena_fail(&g->arena, b->err, "the canonical text");
    dp_hash_init(&h);
    dp_hash_u64(&h, DP_STREAM_VERSION);
    dp_hash_text(&h, g->spec);
    for (uint32_t i = 0; i < b->text.n_stages; i++)
        dp_hash_u64(&h, b->infos[i]->revision);
    dp_hash_final(&h, g->fingerprint);
    return DP_OK;
}

dp_status dp_graph_open(dp_graph *g, const char *spec, uint64_t seed, const dp_options *options,
                        dp_error *err)
{
    builder b = {.graph = g, .seed = seed, .root = options->root, .err = err};
    dp_status status;

    g->arena.alloc = options->alloc;
    g->arena.limit = options->memory;
    status = dp_text_parse(spec, strnlen(spec, DP_MAX_TEXT + 1), &g->arena, &b.text, err);
    if (status == DP_OK)
        status = bind_stages(&b);
    if (status == DP_OK)
        status = check_places(&b);
    if (status != DP_OK)
        return status;
    g->reader = reader_of(b.infos[0]);
    status = at_stage(&b, 0, g->reader->open(b.params[0], b.root, &g->arena, &g->source, err));
    g->opened = status == DP_OK;
    if (status == DP_OK)
        status = plan_steps(&b);
    if (status == DP_OK)
        status = plan_order(&b);
    return status == DP_OK ? name_stream(&b) : status;
}

void dp_graph_close(dp_graph *g)
{
    if (g->opened && g->reader->close != NULL)
        g->reader->close(g->source.state);
    dp_arena_free(&g->arena);
}

/* From a position above nodes[to - 1] to one below nodes[from]. */
static void descend(dp_graph *g, uint32_t from, uint32_t to, dp_row *row)
{
    for (uint32_t i = to; i-- > from;) {
        if (g->nodes[i].order->random && !row->placed) {
            row->ordinal = row->record;
            row->placed = true;
        }
        g->nodes[i].order->at(&g->nodes[i], row);
    }
}

uint64_t dp_graph_rows(dp_graph *g, uint64_t batch, dp_row *rows)
{
    const bool batched = g->batch_node < g->n_nodes;
    const uint32_t top = batched ? g->batch_node : g->n_nodes;
    dp_row first = {.record = batch};
    uint64_t n = 1;

    if (batched) {
        const dp_node *node = &g->nodes[g->batch_node];
        descend(g, g->batch_node, g->n_nodes, &first);
        n = node->below == DP_ENDLESS || node->below - first.record > node->group
                ? node->group
                : node->below - first.record;
    }
    for (uint64_t i = 0; i < n; i++) {
        rows[i] = (dp_row){.record = first.record + i, .epoch = first.epoch};
        descend(g, 0, top, &rows[i]);
        if (!rows[i].placed)
            rows[i].ordinal = rows[i].record;
    }
    return n;
}

bool dp_graph_reaches(const dp_graph *g, uint64_t batch)
{
    uint64_t rows;
    return !__builtin_mul_overflow(batch, g->batch_size, &rows) && rows < DP_MAX_ORDINAL;
}
