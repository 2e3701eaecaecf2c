/* walk.c - from the number of a batch to the rows of the readers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/walk.h"

#include <string.h>

#include "pipeline/order/rows.h"
#include "pipeline/order/shard.h"

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
        if (node->order->join == DP_ZIP) {
            descend(node->with, node->with->n_nodes, row, rows);
        } else if (node->order->is_other(node, &row.record)) {
            descend(node->with, node->with->n_nodes, row, rows);
            return;
        }
    }
    settle(rows, segment, &row);
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
