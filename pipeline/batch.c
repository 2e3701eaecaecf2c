/* batch.c - the memory of a batch, and the data plane that fills it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/batch.h"

#include <string.h>

#include "base/hash.h"
#include "base/tensor.h"

dp_tensor dp_batch_type(const dp_graph *g, uint32_t c)
{
    dp_tensor t = g->columns[c].type;

    if (g->batch_node == g->n_nodes)
        return t;
    memmove(t.shape + 1, t.shape, sizeof t.shape[0] * (size_t)t.rank);
    t.shape[0] = (int64_t)g->batch_size;
    t.rank++;
    return t;
}

/* Rows that a batch can have at most: a data set may be smaller than one batch. */
static uint64_t most_rows(const dp_graph *g)
{
    const uint64_t below = g->batch_node < g->n_nodes ? g->nodes[g->batch_node].below : 1;
    return below < g->batch_size ? below : g->batch_size;
}

dp_batch *dp_batch_new(dp_graph *g)
{
    const size_t n = (size_t)most_rows(g);
    dp_batch *b = dp_arena_alloc(&g->arena, 1, sizeof *b);

    if (b == NULL)
        return NULL;
    b->graph = g;
    b->rows = dp_arena_alloc(&g->arena, n, sizeof *b->rows);
    if (b->rows == NULL)
        return NULL;
    for (uint32_t c = 0; c < g->source.n_columns; c++) {
        b->tensors[c] = dp_batch_type(g, c);
        b->tensors[c].data = dp_arena_alloc(&g->arena, n, dp_tensor_bytes(&g->columns[c].type));
        if (b->tensors[c].data == NULL)
            return NULL;
    }
    return b;
}

dp_status dp_scratch_plan(dp_scratch *scratch, dp_graph *g, dp_error *err)
{
    for (uint32_t c = 0; c < g->source.n_columns; c++) {
        for (int i = 0; i < 2 && g->scratch[c] != 0; i++) {
            scratch->buffers[c][i] = dp_arena_alloc(&g->arena, g->scratch[c], 1);
            if (scratch->buffers[c][i] == NULL)
                return dp_arena_fail(&g->arena, err, "the buffers of a worker");
        }
    }
    return DP_OK;
}

void dp_batch_claim(dp_batch *b, dp_graph *g, uint64_t index)
{
    b->filled = false;
    b->status = DP_OK;
    b->n_rows = 0;
    if (!dp_graph_reaches(g, index + 1))
        b->status = dp_fail(&b->error, DP_ELIMIT, "a stream goes on for 2^48 rows at most");
    else
        b->n_rows = dp_graph_rows(g, index, b->rows);
}

static void *row_of(const dp_batch *b, uint32_t c, uint64_t i)
{
    return (char *)b->tensors[c].data + i * dp_tensor_bytes(&b->graph->columns[c].type);
}

static dp_status fill_row(dp_batch *b, uint64_t i, const dp_scratch *scratch)
{
    const dp_graph *g = b->graph;
    const dp_row *row = &b->rows[i];
    void *current[DP_MAX_COLUMNS];
    dp_status status;

    for (uint32_t c = 0; c < g->source.n_columns; c++)
        current[c] = g->scratch[c] != 0 ? scratch->buffers[c][0] : row_of(b, c, i);
    status = g->reader->read(g->source.state, row->record, current, &b->error);
    for (uint32_t s = 0; s < g->n_steps && status == DP_OK; s++) {
        const dp_step *step = &g->steps[s];
        const uint32_t c = step->column;
        dp_tensor in = step->in, out = step->out;
        dp_rng rng;
        in.data = current[c];
        if (step->last)
            out.data = row_of(b, c, i);
        else
            out.data = scratch->buffers[c][current[c] == scratch->buffers[c][0]];
        if (step->transform->random)
            dp_rng_start(&rng, step->key, row->epoch, row->ordinal);
        step->transform->apply(step->params, step->transform->random ? &rng : NULL, &in, &out);
        current[c] = out.data;
    }
    return status;
}

void dp_batch_fill(dp_batch *b, const dp_scratch *scratch)
{
    for (uint64_t i = 0; i < b->n_rows && b->status == DP_OK; i++)
        b->status = fill_row(b, i, scratch);
    for (uint32_t c = 0; c < b->graph->source.n_columns && b->graph->batch_node < b->graph->n_nodes;
         c++)
        b->tensors[c].shape[0] = (int64_t)b->n_rows;
}

const dp_tensor *dp_batch_get(const dp_batch *b, const char *column)
{
    for (uint32_t c = 0; b != NULL && column != NULL && c < b->graph->source.n_columns; c++) {
        if (strcmp(b->graph->columns[c].name, column) == 0)
            return &b->tensors[c];
    }
    return NULL;
}

void dp_batch_digest(const dp_batch *b, uint8_t digest[16])
{
    dp_hash h;

    dp_hash_init(&h);
    for (uint32_t c = 0; c < b->graph->source.n_columns; c++) {
        dp_hash_text(&h, b->graph->columns[c].name);
        dp_hash_tensor(&h, &b->tensors[c]);
    }
    dp_hash_final(&h, digest);
}
