/* builder.c - the stages of the texts of a stream, found, bound to their parameters, and in place
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/builder.h"

#include <string.h>

#include "base/hash.h"
#include "io/own.h"
#include "pipeline/order/rows.h"
#include "pipeline/order/shard.h"
#include "pipeline/replay.h"
#include "pipeline/state.h"

dp_status dp_found_fail(const dp_builder *b, const dp_found *found, dp_status status)
{
    return dp_stage_failed(found->info, found->column, status, b->err);
}

/* ---- one stage ---- */

/* Nothing is drawn by a reader of the caller's, which is not in the table. */
static uint32_t count_use(dp_builder *b, const dp_stage_info *info)
{
    for (size_t row = 0; row < dp_n_stages; row++) {
        if (dp_stage_table[row] == info)
            return b->uses[row]++;
    }
    return 0;
}

static dp_status bind(dp_builder *b, dp_found *f, const dp_text_stage *stage)
{
    const dp_stage_list list = {"stage", dp_stage_table, dp_n_stages};
    dp_arena *arena = &b->graph->arena;
    dp_bound bound;
    dp_status status = dp_own_find(b->options, stage, arena, &bound, b->err);

    if (status == DP_OK && bound.info == NULL) {
        status = dp_stage_find(&list, stage, &f->info, b->err);
        if (status == DP_OK)
            status = dp_stage_bind(f->info, stage, b->files, arena, &bound, b->err);
    }
    if (status != DP_OK)
        return status;
    f->column = stage->column;
    f->info = bound.info;
    f->reader = dp_reader_of(f->info);
    f->order = dp_order_of(f->info);
    f->transform = dp_transform_of(f->info);
    f->params = bound.params;
    return DP_OK;
}

/* Whose numbers a random transform takes; NULL: it is none, or every row has its own. */
static const dp_library *replayed_of(const dp_found *f)
{
    const dp_library *library;

    if (f->transform == NULL || !dp_draws_numbers(f->transform))
        return NULL;
    library = dp_library_of(dp_words_draws, ((const dp_random *)f->params)->order);
    return library->draws->keyed ? NULL : library;
}

/* Draws of our own are the same for every number of workers, and keyed by epoch.  NULL = all that
 * is said does something. */
static const char *idle_parameter(const dp_found *f)
{
    const dp_random *p = f->params;

    if (f->transform == NULL || !dp_draws_numbers(f->transform) || f->replayed != NULL)
        return NULL;
    return p->workers != 1 ? "workers" : p->iterator != 0 ? "iterator" : NULL;
}
static bool has_workers(const dp_library *library)
{
    return library->draws != NULL && !library->draws->keyed;
}

/* Whether the stage makes batches of rows, or is a reader that has them. */
static bool makes_batches(const dp_found *f)
{
    return f->order == &dp_order_batch ||
           (f->reader != NULL && f->reader->batched != NULL && f->reader->batched(f->params));
}

/* ---- a text ---- */

static void print_stages(const void *ctx, dp_out *out)
{
    const dp_found_text *stages = ctx;

    for (uint32_t i = 0; i < stages->n; i++) {
        dp_out_text(out, i ? " | " : "");
        dp_params_print(stages->found[i].info, stages->found[i].params, out);
    }
}

static dp_status find_stages(dp_builder *b, const char *text, dp_branch *branch, uint32_t depth,
                             dp_found_text **out);

/* The text in a parameter, which its canonical form replaces. */
static dp_status find_inner(dp_builder *b, const char *spec, const dp_text_stage *stage,
                            const char **text, const char *name, dp_branch *branch, uint32_t depth,
                            const dp_found_text **out)
{
    dp_arena *arena = &b->graph->arena;
    dp_found_text *inner;
    dp_status status = find_stages(b, *text, branch, depth + 1, &inner);

    for (uint32_t i = 0; i < stage->n_args; i++) {
        const uint32_t at = stage->args[i].value_column;
        if (status != DP_OK && b->err != NULL && strcmp(stage->args[i].name, name) == 0)
            b->err->column += at - (spec[at - 1] != '"');
    }
    if (status != DP_OK)
        return status;
    for (uint32_t i = 0; i < inner->n; i++)
        inner->found[i].column = stage->column;
    *out = inner;
    *text = dp_out_arena(arena, print_stages, inner, NULL);
    return *text == NULL ? dp_arena_fail(arena, b->err, "the canonical text") : DP_OK;
}

static dp_status find_other(dp_builder *b, dp_found *f, const char *spec,
                            const dp_text_stage *stage, dp_node *node, uint32_t depth)
{
    dp_graph *g = b->graph;

    if (g->n_branches == DP_MAX_BRANCHES)
        return dp_fail_at(b->err, DP_ELIMIT, stage->column, "a text joins at most %d streams",
                          DP_MAX_BRANCHES);
    node->with = &g->branches[g->n_branches++];
    return find_inner(b, spec, stage, f->params, "with", node->with, depth, &f->with);
}

static dp_status find_held(dp_builder *b, dp_found *f, const char *spec, const dp_text_stage *stage,
                           uint32_t depth)
{
    dp_holder *holder = f->params;
    dp_status status =
        find_inner(b, spec, stage, &holder->transforms, "transforms", NULL, depth, &f->held);

    holder->n = status == DP_OK ? f->held->n : 0;
    for (uint32_t i = 0; i < holder->n && status == DP_OK; i++) {
        const dp_found *inner = &f->held->found[i];
        if (inner->replayed != f->replayed && inner->transform->draw != NULL)
            status = dp_fail_at(b->err, DP_ESPEC, stage->column,
                                "%s and the %s in it must have the same order", f->info->name,
                                inner->info->name);
    }
    return status;
}

/* Order stages and replays are nodes of the text's branch, transforms are steps. */
static dp_status place(dp_builder *b, dp_found *f, const char *spec, const dp_text_stage *stage,
                       dp_branch *branch, uint32_t depth)
{
    const bool held = f->transform != NULL && f->transform->holds != DP_HOLDS_NONE;
    const bool grouped = f->reader != NULL && makes_batches(f);
    dp_node *node;
    dp_status status = DP_OK;

    b->graph->n_steps += f->transform == NULL ? 0 : f->transform->then != NULL ? 2 : 1;
    f->replayed = replayed_of(f);
    if (idle_parameter(f) != NULL)
        return dp_fail_at(b->err, DP_ESPEC, stage->column,
                          "%s: %s does nothing here: it needs order=%s", f->info->name,
                          idle_parameter(f), dp_library_who(has_workers).words);
    if (held)
        status = find_held(b, f, spec, stage, depth);
    if (status != DP_OK || branch == NULL || (f->order == NULL && f->replayed == NULL && !grouped))
        return status;
    node = &branch->nodes[branch->n_nodes++];
    *node = (dp_node){.order = f->order != NULL ? f->order
                               : grouped        ? &dp_order_grouped
                                                : &dp_order_replay,
                      .params = grouped ? (void *)&branch->source : f->params,
                      .branch = branch,
                      .group = 1,
                      .seed = b->seed,
                      .key = dp_rng_key(b->seed, f->info->name, f->use)};
    if (f->replayed != NULL && node != branch->nodes && node[-1].order == &dp_order_batch) {
        const dp_node batch = node[-1]; /* as dp_plan has it */
        node[-1] = node[0];
        node[0] = batch;
    }
    return node->order->join != DP_NO_JOIN ? find_other(b, f, spec, stage, node, depth) : DP_OK;
}

/* What may stand where: in a stream one reader, at the front; in a transform's text transforms. */
static dp_status check_place(const dp_builder *b, const dp_found *f, uint32_t i,
                             const dp_branch *branch)
{
    const char *name = f->info->name;

    if (branch == NULL &&
        (f->transform == NULL || f->transform->holds != DP_HOLDS_NONE || f->transform->mix != NULL))
        return dp_fail_at(b->err, DP_ESPEC, f->column, "%s cannot stand inside another transform",
                          name);
    if (branch != NULL && i == 0 && f->reader == NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "a text begins with a reader (cifar10, synthetic, ...), not with %s",
                          name);
    if (i > 0 && f->reader != NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "%s is a reader: it can only be the first stage", name);
    return DP_OK;
}

static bool has_batch(const dp_found_text *stages)
{
    for (uint32_t i = 0; i < stages->n; i++) {
        if (makes_batches(&stages->found[i]))
            return true;
    }
    return false;
}

/* What stands before a stage of a text.  A transform of rows may stand behind batch: it works on
 * each row of the batch, as it would before it. */
typedef struct before {
    const dp_found *batch, *shard;
    const dp_found *behind; /* the last order stage */
    bool mixed, zipped;     /* rows of batches, batches */
} before;

/* Streams are joined by rows before batch; behind it zip puts batches side by side. */
static dp_status check_join(const dp_builder *b, const dp_found *f, const before *at)
{
    const char *name = f->info->name;

    if (at->batch == NULL && has_batch(f->with))
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "%s joins rows, and the other stream has batches: put batch behind it",
                          name);
    if (at->batch != NULL && (f->order->join != DP_ZIP || !has_batch(f->with)))
        return dp_fail_at(b->err, DP_ESPEC, f->column, "%s works on rows: put it before batch",
                          name);
    if (at->shard != NULL || at->mixed)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "zip of batches stands before shard, mixup and cutmix");
    return DP_OK;
}

/* Of what MindSpore takes batches in, right behind batch. */
static bool replays_behind_batch(const dp_found *f, const before *at)
{
    return (f->transform->mix != NULL || f->transform->replays_batch != DP_TAKES_NO_BATCH) &&
           at->behind->order == &dp_order_batch;
}

static dp_status check_transform(const dp_builder *b, const dp_found *f, const before *at)
{
    const char *name = f->info->name;
    const bool mixes = f->transform->mix != NULL;

    if (!mixes && (at->mixed || (at->zipped && at->batch != NULL)))
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "%s works on rows: put it before the batches are %s", name,
                          at->mixed ? "mixed" : "zipped");
    if (mixes && at->batch == NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "%s mixes the rows of a batch: put it behind batch", name);
    if (at->batch != NULL && f->replayed != NULL && !replays_behind_batch(f, at))
        return dp_fail_at(b->err, DP_ESPEC, f->column, "%s order=%s is %s: put it %s", name,
                          f->replayed->word,
                          mixes ? "replayed right behind batch only" : "not replayed behind batch",
                          mixes ? "there" : "before");
    if (mixes && at->shard != NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "%s mixes rows of a whole batch: shard cuts it", name);
    return DP_OK;
}

static dp_status check_order(const dp_builder *b, const dp_found *f, const before *at)
{
    const bool shard = f->order == &dp_order_shard;

    if (f->order == &dp_order_batch && at->batch != NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column, "there is a batch already, at column %u",
                          at->batch->column);
    if (shard && at->shard != NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column, "there is a shard already");
    if (shard && at->batch == NULL)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "shard shares out batches: put it behind batch");
    if (shard && (at->mixed || at->zipped))
        return dp_fail_at(b->err, DP_ESPEC, f->column, "shard cuts batches that are %s",
                          at->mixed ? "mixed" : "zipped");
    if (f->order->columns != NULL && at->mixed)
        return dp_fail_at(b->err, DP_ESPEC, f->column,
                          "%s changes the columns that are mixed: put it before", f->info->name);
    return f->with != NULL ? check_join(b, f, at) : DP_OK;
}

static dp_status check_batch(const dp_builder *b, const dp_found_text *stages)
{
    before at = {.batch = NULL};
    dp_status status = DP_OK;

    for (uint32_t i = 0; i < stages->n && status == DP_OK; i++) {
        const dp_found *f = &stages->found[i];
        if (f->transform != NULL)
            status = check_transform(b, f, &at);
        else if (f->order != NULL)
            status = check_order(b, f, &at);
        at.mixed = at.mixed || (f->transform != NULL && f->transform->mix != NULL);
        at.zipped = at.zipped || (f->with != NULL && at.batch != NULL);
        at.batch = makes_batches(f) ? f : at.batch;
        at.behind = f->transform == NULL ? f : at.behind;
        at.shard = f->order == &dp_order_shard ? f : at.shard;
    }
    return status;
}

static dp_status find_stages(dp_builder *b, const char *spec, dp_branch *branch, uint32_t depth,
                             dp_found_text **out)
{
    dp_arena *arena = &b->graph->arena;
    dp_found_text *stages = dp_arena_alloc(arena, 1, sizeof *stages);
    dp_text text;
    dp_status status = dp_text_parse(spec, strlen(spec), arena, &text, b->err);

    if (status != DP_OK)
        return status;
    if (depth > DP_MAX_BRANCHES)
        return dp_fail_at(b->err, DP_ELIMIT, 1, "texts stand in texts %d deep", DP_MAX_BRANCHES);
    if (stages != NULL)
        stages->found = dp_arena_alloc(arena, text.n_stages, sizeof *stages->found);
    if (branch != NULL)
        branch->nodes = dp_arena_alloc(arena, text.n_stages, sizeof *branch->nodes);
    if (stages == NULL || stages->found == NULL || (branch != NULL && branch->nodes == NULL))
        return dp_arena_fail(arena, b->err, "the stages");
    stages->n = text.n_stages;
    for (uint32_t i = 0; i < text.n_stages && status == DP_OK; i++) {
        dp_found *f = &stages->found[i];
        status = bind(b, f, &text.stages[i]);
        if (status == DP_OK)
            status = check_place(b, f, i, branch);
        if (status != DP_OK)
            return status;
        f->use = count_use(b, f->info);
        status = place(b, f, spec, &text.stages[i], branch, depth);
    }
    *out = stages;
    return status == DP_OK && branch != NULL ? check_batch(b, stages) : status;
}

dp_status dp_builder_find(dp_builder *b, const char *spec, dp_found_text **out)
{
    dp_graph *g = b->graph;
    dp_status status = dp_own_check(b->options, dp_stage_table, dp_n_stages, b->err);

    if (status != DP_OK)
        return status;
    b->uses = dp_arena_alloc(&g->arena, dp_n_stages, sizeof *b->uses);
    g->branches = dp_arena_alloc(&g->arena, DP_MAX_BRANCHES, sizeof *g->branches);
    if (b->uses == NULL || g->branches == NULL)
        return dp_arena_fail(&g->arena, b->err, "the stages");
    g->n_branches = 1;
    status = find_stages(b, spec, g->branches, 0, out);
    if (status != DP_OK)
        return status;
    g->steps = dp_arena_alloc(&g->arena, g->n_steps + 1, sizeof *g->steps);
    g->mixes = dp_arena_alloc(&g->arena, g->n_steps + 1, sizeof *g->mixes);
    g->n_steps = 0;
    return g->steps == NULL || g->mixes == NULL ? dp_arena_fail(&g->arena, b->err, "the transforms")
                                                : DP_OK;
}

static void hash_revisions(dp_hash *h, const dp_found_text *stages)
{
    for (uint32_t i = 0; stages != NULL && i < stages->n; i++) {
        dp_hash_u64(h, stages->found[i].info->revision);
        hash_revisions(h, stages->found[i].with);
        hash_revisions(h, stages->found[i].held);
    }
}

dp_status dp_builder_name(dp_builder *b, const dp_found_text *stages)
{
    dp_graph *g = b->graph;
    dp_hash h;

    g->spec = dp_out_arena(&g->arena, print_stages, stages, NULL);
    if (g->spec == NULL)
        return dp_arena_fail(&g->arena, b->err, "the canonical text");
    dp_hash_init(&h);
    dp_hash_u64(&h, DP_STREAM_VERSION);
    dp_hash_text(&h, g->spec);
    hash_revisions(&h, stages);
    dp_hash_final(&h, g->fingerprint);
    if (g->origin != NULL)
        memcpy(g->fingerprint, g->origin->fingerprint, sizeof g->fingerprint);
    return DP_OK;
}
