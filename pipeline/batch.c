/* batch.c - the memory of a batch, and the data plane that fills it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/batch.h"

#include <string.h>

#include "base/hash.h"
#include "base/tensor.h"
#include "io/source.h"
#include "pipeline/walk.h"

dp_tensor dp_batch_type(const dp_graph *g, uint32_t c)
{
    dp_tensor t = g->columns.column[c].type;

    if (!dp_graph_batched(g))
        return t;
    memmove(t.shape + 1, t.shape, sizeof t.shape[0] * (size_t)t.rank);
    t.shape[0] = (int64_t)dp_graph_full_rows(g, g->columns.owner[c]);
    t.rank++;
    return t;
}

dp_batch *dp_batch_new(dp_graph *g)
{
    const size_t n = (size_t)dp_graph_most_rows(g);
    dp_batch *b = dp_arena_alloc(&g->arena, 1, sizeof *b);

    if (b == NULL)
        return NULL;
    b->graph = g;
    b->rows = dp_arena_alloc(&g->arena, n, g->n_segments * sizeof *b->rows);
    b->draws = dp_arena_alloc(&g->arena, n, g->n_draws * sizeof *b->draws);
    if (b->rows == NULL || b->draws == NULL)
        return NULL;
    for (uint32_t c = 0; c < g->columns.n; c++) {
        b->tensors[c] = dp_batch_type(g, c);
        b->tensors[c].data = dp_arena_alloc(&g->arena, n, g->row_bytes[c]);
        if (b->tensors[c].data == NULL)
            return NULL;
    }
    return b;
}

/* The samples of a row, with the types that they have where rows do not differ. */
static bool plan_samples(dp_scratch *scratch, dp_graph *g)
{
    scratch->made = dp_arena_alloc(&g->arena, g->n_steps + 1, sizeof *scratch->made);
    for (uint32_t s = 0; s < g->n_steps && scratch->made != NULL; s++)
        scratch->made[s] = g->steps[s].out;
    for (uint32_t n = 0; n < g->n_branches; n++) {
        const dp_source *source = &g->branches[n].source;
        dp_tensor *read = dp_arena_alloc(&g->arena, source->n_columns, sizeof *read);
        if (read == NULL)
            return false;
        for (uint32_t c = 0; c < source->n_columns; c++)
            read[c] = source->columns[c].type;
        scratch->read[n] = read;
    }
    return scratch->made != NULL;
}

dp_status dp_scratch_plan(dp_scratch *scratch, dp_graph *g, dp_error *err)
{
    if (!plan_samples(scratch, g))
        return dp_arena_fail(&g->arena, err, "the samples of a worker");
    for (uint32_t slot = 0; slot < g->n_slots; slot++) {
        for (int i = 0; i < 2 && g->scratch[slot][i] != 0; i++) {
            scratch->buffers[slot][i] = dp_arena_alloc(&g->arena, g->scratch[slot][i], 1);
            if (scratch->buffers[slot][i] == NULL)
                return dp_arena_fail(&g->arena, err, "the buffers of a worker");
        }
    }
    scratch->space = (dp_workspace){.bytes = dp_arena_alloc(&g->arena, g->space, 1), .cpu = g->cpu};
    if (scratch->space.bytes == NULL)
        return dp_arena_fail(&g->arena, err, "a worker's memory for samples");
    return g->fits ? dp_each_room_new(g, &scratch->each, err) : DP_OK;
}

#define NONE_BAD UINT64_MAX

/* Rows of one text's batch, of so many: of batches that are zipped one may be shorter. */
static uint64_t rows_of(const dp_graph *g, const dp_row *rows, uint64_t n, const dp_branch *branch)
{
    while (n > 0 && !rows[(n - 1) * g->n_segments + branch->batched].taken)
        n--;
    return n;
}

void dp_batch_claim(dp_batch *b, dp_graph *g, uint64_t index)
{
    b->index = index;
    b->wanted = g->wanted;
    b->status = DP_OK;
    b->n_rows = 0;
    if (!dp_graph_reaches(g, index + 1))
        b->status = dp_fail(&b->error, DP_ELIMIT, "a stream goes on for 2^48 rows at most");
    else
        b->n_rows = dp_graph_rows(g, index, b->rows, b->draws);
    for (uint32_t c = 0; c < g->columns.n && dp_graph_batched(g); c++)
        b->tensors[c].shape[0] = (int64_t)rows_of(g, b->rows, b->n_rows, g->columns.owner[c]);
    atomic_store(&b->rows_left, b->n_rows);
    atomic_store(&b->first_bad, NONE_BAD);
    atomic_store(&b->filled, false);
}

bool dp_step_open(const dp_step *step, const double *draws)
{
    return step->gate == DP_NO_GATE || dp_step_opens(step, draws[step->gate]);
}

/* The numbers of a step that is applied, with what was planned for it. */
static void draw(const dp_step *step, const void *params, const dp_row *row, double *draws)
{
    dp_place place = {.key = step->key, .epoch = row->epoch, .record = row->record};

    dp_rng_start(&place.rng, step->key, row->epoch, row->ordinal);
    step->transform->draw(params, &place, draws + step->draws);
}

void dp_batch_draw(const dp_graph *g, const dp_row *rows, double *draws)
{
    for (uint32_t s = 0; s < g->n_steps; s++) {
        const dp_step *step = &g->steps[s];
        const dp_row *row = &rows[step->segment];
        if (step->drawn && step->each == NULL && row->taken && dp_step_open(step, draws))
            draw(step, step->params, row, draws);
    }
}

/* The types of a row's samples as they are read; with their data, where files are looked at. */
static dp_status look_at_row(const dp_graph *g, const dp_row *rows,
                             void *const buffers[DP_MAX_SLOTS], dp_tensor *samples, dp_error *err)
{
    dp_status status = DP_OK;

    for (uint32_t n = 0; n < g->n_branches && status == DP_OK; n++) {
        const dp_branch *branch = &g->branches[n];
        const uint64_t record = rows[branch->segment].record;
        void *columns[DP_MAX_COLUMNS];
        if (!rows[branch->segment].taken)
            continue;
        for (uint32_t c = 0; c < branch->source.n_columns; c++) {
            columns[c] = buffers[branch->slots[c]];
            samples[branch->slots[c]] = dp_source_type(branch->reader, &branch->source, c, record);
            samples[branch->slots[c]].data = columns[c];
        }
        if (g->decodes)
            status = dp_source_read(branch->reader, &branch->source, branch->planes, record,
                                    columns, err);
    }
    return status;
}

dp_status dp_batch_draw_each(const dp_graph *g, const dp_row *rows, double *draws,
                             dp_each_room *room, void *const buffers[DP_MAX_SLOTS], dp_error *err)
{
    dp_tensor samples[DP_MAX_SLOTS];
    dp_status status = look_at_row(g, rows, buffers, samples, err);

    dp_batch_draw(g, rows, draws);
    for (uint32_t s = 0; s < g->n_steps && status == DP_OK; s++) {
        const dp_step *step = &g->steps[s];
        dp_fit *f = &room->fits[s];
        if (!dp_makes_samples(step->transform) || !rows[step->segment].taken ||
            !dp_step_open(step, draws))
            continue;
        if (step->each != NULL)
            status = dp_each_begin(step, &samples[step->slot], f, &room->decoding, err);
        if (step->each != NULL && step->drawn && status == DP_OK)
            draw(step, f->params, &rows[step->segment], draws);
        samples[step->slot] = f->out;
    }
    return status;
}

/* Where a row's sample of a delivered slot goes. */
static void *place_of(const dp_batch *b, uint32_t slot, uint64_t i)
{
    const dp_graph *g = b->graph;
    const uint32_t c = (uint32_t)g->delivered[slot];

    return (char *)b->tensors[c].data + i * g->row_bytes[c];
}

#define AHEAD 2 /* rows */

/* Readers may have the record of a later row brought into the cache meanwhile. */
static void prefetch_row(const dp_batch *b, uint64_t i)
{
    const dp_graph *g = b->graph;
    const dp_row *rows = &b->rows[i * g->n_segments];

    for (uint32_t n = 0; n < g->n_branches; n++) {
        const dp_branch *branch = &g->branches[n];
        if (branch->reader->prefetch != NULL && rows[branch->segment].taken)
            branch->reader->prefetch(branch->source.state, rows[branch->segment].record);
    }
}

static dp_status read_row(dp_batch *b, uint64_t i, const dp_row *rows, const dp_scratch *scratch,
                          dp_tensor **samples, dp_error *err)
{
    const dp_graph *g = b->graph;
    dp_status status = DP_OK;

    for (uint32_t n = 0; n < g->n_branches && status == DP_OK; n++) {
        const dp_branch *branch = &g->branches[n];
        const dp_source *source = &branch->source;
        const uint64_t record = rows[branch->segment].record;
        void *columns[DP_MAX_COLUMNS];
        if (!rows[branch->segment].taken)
            continue;
        for (uint32_t c = 0; c < source->n_columns; c++) {
            const uint32_t slot = branch->slots[c];
            dp_tensor *read = &scratch->read[n][c];
            columns[c] = branch->direct[c] ? place_of(b, slot, i) : scratch->buffers[slot][0];
            read->data = columns[c];
            samples[slot] = read;
            if (source->least[c] != NULL)
                branch->reader->shape(source->state, record, c, read->shape);
        }
        status = dp_source_read(branch->reader, source, branch->planes, record, columns, err);
    }
    return status;
}

/* A failure of a step names the record, and the file that it is, where a reader's is the row's. */
static void name_record(const dp_graph *g, uint32_t segment, uint64_t record, dp_error *err)
{
    for (uint32_t n = 0; n < g->n_branches && err != NULL; n++) {
        const dp_branch *branch = &g->branches[n];
        const char *(*path)(const void *, uint64_t) = branch->reader->path;
        const dp_error why = *err;
        if (branch->segment != segment)
            continue;
        if (path != NULL)
            dp_fail(err, why.status, "%.100s: %.130s", path(branch->source.state, record),
                    why.message);
        err->column = why.column;
        err->record = (int64_t)record;
    }
}

/* Whether a step is fitted to each row. */
static bool is_fitted(const dp_step *step)
{
    return step->each != NULL || step->reader != NULL || step->follows;
}

/* Fits a step to a row, and those that are fitted together with it: of what the last one makes all
 * is wanted, of what another makes what the next one reads. */
static dp_status fit(const dp_graph *g, const dp_step *step, const dp_row *row, const dp_tensor *in,
                     double *draws, dp_each_room *room, dp_error *err)
{
    const dp_step *reader = step->reader;
    dp_fit *f = &room->fits[step - g->steps], *next;
    dp_status status = DP_OK;

    if (step->each != NULL)
        status = dp_each_begin(step, in, f, &room->decoding, err);
    if (step->each != NULL && step->drawn && status == DP_OK)
        draw(step, f->params, row, draws);
    f->part = dp_part_whole(&f->out);
    if (status != DP_OK || reader == NULL)
        return status;
    status = fit(g, reader, row, &f->out, draws, room, err);
    next = &room->fits[reader - g->steps];
    f->part = next->part;
    if (status == DP_OK)
        reader->transform->reads(next->params, draws + reader->draws, &f->out, &next->out,
                                 &f->part);
    return status;
}

static dp_status apply_fitted(const dp_graph *g, const dp_step *step, const dp_row *row,
                              const dp_tensor *in, double *draws, const dp_scratch *scratch,
                              dp_tensor *out, dp_error *err)
{
    const dp_fit *f = &scratch->each->fits[step - g->steps];
    dp_workspace space = scratch->space;
    void *data = out->data;
    dp_status status = step->follows ? DP_OK : fit(g, step, row, in, draws, scratch->each, err);

    *out = f->out;
    out->data = data;
    space.part = f->part;
    if (status == DP_OK && step->transform->decode != NULL)
        status = dp_each_decode(step, in, f, &scratch->each->decoding, out, err);
    else if (status == DP_OK && step->second)
        step->transform->then(f->params, draws + step->draws, in, out);
    else if (status == DP_OK)
        dp_transform_apply(step->transform, f->params, draws + step->draws, in, out, &space);
    if (status != DP_OK)
        name_record(g, step->segment, row->record, err);
    return status;
}

/* The step does the same to every row. */
static void apply_same(const dp_step *step, const dp_tensor *in, const double *draws,
                       const dp_workspace *of, const dp_tensor *out)
{
    const dp_workspace space = {of->bytes, of->cpu, dp_part_whole(out)};

    if (step->second)
        step->transform->then(step->params, draws + step->draws, in, out);
    else
        dp_transform_apply(step->transform, step->params, draws + step->draws, in, out, &space);
}

/* Changes the sample of the step's slot, or puts it into the batch. */
static dp_status apply(dp_batch *b, uint64_t i, uint32_t s, double *draws,
                       const dp_scratch *scratch, dp_tensor **samples, dp_error *err)
{
    const dp_graph *g = b->graph;
    const dp_step *step = &g->steps[s];
    const dp_tensor *in = samples[step->slot];
    dp_tensor *out = &scratch->made[s];
    void *const *buffers = scratch->buffers[step->slot];

    if (!step->last && step->pass == NULL && !dp_step_open(step, draws))
        return DP_OK; /* the sample stays where it is */
    out->data = step->last ? place_of(b, step->slot, i) : buffers[in->data == buffers[0]];
    samples[step->slot] = out;
    if (step->pass != NULL) {
        dp_pass_run(step->pass, draws, in->data, out->data);
    } else if (!dp_step_open(step, draws)) {
        memcpy(out->data, in->data, dp_tensor_bytes(in));
        memcpy(out->shape, in->shape, sizeof out->shape);
    } else if (is_fitted(step)) {
        return apply_fitted(g, step, &b->rows[i * g->n_segments + step->segment], in, draws,
                            scratch, out, err);
    } else {
        apply_same(step, in, draws, &scratch->space, out);
    }
    return DP_OK;
}

/* Each row of a column may have its own shape where rows are delivered one by one. */
static void say_shapes(dp_batch *b, dp_tensor *const *samples)
{
    const dp_graph *g = b->graph;

    for (uint32_t c = 0; c < g->columns.n; c++)
        memcpy(b->tensors[c].shape, samples[g->columns.slot[c]]->shape, sizeof b->tensors[c].shape);
}

static dp_status fill_row(dp_batch *b, uint64_t i, const dp_scratch *scratch, dp_error *err)
{
    const dp_graph *g = b->graph;
    const dp_row *rows = &b->rows[i * g->n_segments];
    double *draws = b->draws + i * g->n_draws;
    dp_tensor *samples[DP_MAX_SLOTS];
    dp_status status = read_row(b, i, rows, scratch, samples, err);

    if (status != DP_OK)
        return status;
    dp_batch_draw(g, rows, draws);
    for (uint32_t s = 0; s < g->n_steps && status == DP_OK; s++) {
        const dp_step *step = &g->steps[s];
        if (rows[step->segment].taken && dp_makes_samples(step->transform) && !step->passed)
            status = apply(b, i, s, draws, scratch, samples, err);
    }
    if (status == DP_OK && !dp_graph_batched(g))
        say_shapes(b, samples);
    return status;
}

static dp_batch_draws draws_of(const dp_graph *g, const dp_mix *mix, const dp_row *rows, uint64_t n,
                               double *draws)
{
    return (dp_batch_draws){draws + mix->draws, g->n_draws,
                            rows_of(g, rows, n, g->columns.owner[mix->image])};
}

void dp_batch_draw_mixes(const dp_graph *g, uint64_t index, const dp_row *rows, uint64_t n,
                         double *draws)
{
    for (uint32_t i = 0; i < g->n_mixes; i++) {
        const dp_mix *mix = &g->mixes[i];
        const dp_batch_draws of = draws_of(g, mix, rows, n, draws);
        dp_place place = {.key = mix->key, .record = index};
        if (mix->replayed)
            continue;
        dp_rng_start(&place.rng, mix->key, 0, index);
        mix->transform->draw_batch(mix->params, &place, &of);
    }
}

static dp_status mix_rows(dp_batch *b, const dp_scratch *scratch)
{
    const dp_graph *g = b->graph;
    dp_status status = DP_OK;

    dp_batch_draw_mixes(g, b->index, b->rows, b->n_rows, b->draws);
    for (uint32_t i = 0; i < g->n_mixes && status == DP_OK; i++) {
        const dp_mix *mix = &g->mixes[i];
        const dp_batch_draws draws = draws_of(g, mix, b->rows, b->n_rows, b->draws);
        status = mix->transform->mix(mix->params, &draws, scratch->space.bytes,
                                     &b->tensors[mix->image], &b->tensors[mix->label], &b->error);
    }
    return status;
}

static dp_status fill_rows(dp_batch *b, uint64_t first, uint64_t end, const dp_scratch *scratch,
                           uint64_t *bad, dp_error *err)
{
    dp_status status = DP_OK;

    for (uint64_t i = first; i < end && status == DP_OK; i++) {
        if (!dp_is_wanted(&b->wanted, b->n_rows, i))
            continue;
        if (i + AHEAD < end)
            prefetch_row(b, i + AHEAD);
        status = fill_row(b, i, scratch, err);
        if (status != DP_OK)
            *bad = i;
    }
    return status;
}

static void hash(const dp_batch *b, uint8_t digest[16])
{
    dp_hash h;

    dp_hash_init(&h);
    for (uint32_t c = 0; c < b->graph->columns.n; c++) {
        dp_hash_text(&h, b->graph->columns.column[c].name);
        dp_hash_tensor(&h, &b->tensors[c]);
    }
    dp_hash_final(&h, digest);
}

/* The rows from a bad one on are read again, so that the first one is reported, whoever found it
 * when. */
static void finish(dp_batch *b, const dp_scratch *scratch)
{
    const uint64_t first = atomic_load(&b->first_bad);
    uint64_t bad;

    if (first != NONE_BAD)
        b->status = fill_rows(b, first, b->n_rows, scratch, &bad, &b->error);
    if (b->status == DP_OK)
        b->status = mix_rows(b, scratch);
    if (b->status == DP_OK && b->graph->digests) /* now: row by row waits for what was written */
        hash(b, b->digest);
    atomic_store(&b->filled, true);
}

static void lower(_Atomic uint64_t *least, uint64_t value)
{
    uint64_t seen = atomic_load(least);

    while (value < seen && !atomic_compare_exchange_weak(least, &seen, value))
        continue;
}

void dp_batch_fill(dp_batch *b, uint64_t first, uint64_t n, const dp_scratch *scratch)
{
    uint64_t bad;

    if (fill_rows(b, first, first + n, scratch, &bad, NULL) != DP_OK)
        lower(&b->first_bad, bad);
    if (atomic_fetch_sub(&b->rows_left, n) == n)
        finish(b, scratch);
}

const dp_tensor *dp_batch_get(const dp_batch *b, const char *column)
{
    for (uint32_t c = 0; b != NULL && column != NULL && c < b->graph->columns.n; c++) {
        if (strcmp(b->graph->columns.column[c].name, column) == 0)
            return &b->tensors[c];
    }
    return NULL;
}

void dp_batch_digest(const dp_batch *b, uint8_t digest[16])
{
    if (b == NULL || b->graph->digests)
        dp_digest_give(b != NULL ? b->digest : NULL, digest);
    else if (digest != NULL)
        hash(b, digest);
}
