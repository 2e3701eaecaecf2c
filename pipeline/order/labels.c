/* labels.c - a column of every row, read when a stream is opened, for stages that choose by label
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/options.h"
#include "base/tensor.h"
#include "pipeline/order/branch.h"
#include "io/source.h"

#define MAX_LABEL 16777216 /* labels are counted */

/* Rows that are the same in every epoch: no random stage, no join. */
static dp_status check_below(const dp_node *node, dp_error *err)
{
    for (const dp_node *below = node->branch->nodes; below < node; below++) {
        if (below->order->random || below->with != NULL)
            return dp_fail(err, DP_ESPEC, "it looks at rows that never change: put it before %s",
                           below->order->info.name);
    }
    return DP_OK;
}

static dp_status find_column(const dp_source *source, const char *name, uint32_t *out,
                             dp_error *err)
{
    for (*out = 0; *out < source->n_columns; ++*out) {
        const dp_column *c = &source->columns[*out];
        if (strcmp(c->name, name) != 0)
            continue;
        if (c->type.rank == 0 && dp_dtype_is_integer(c->type.dtype))
            return DP_OK;
        return dp_fail(err, DP_ESPEC, "column '%.40s' is %s, not one integer", name,
                       dp_tensor_type(&c->type).text);
    }
    return dp_fail(err, DP_ESPEC, "the reader has no column '%.40s'", name);
}

static dp_status read_labels(const dp_node *node, uint32_t column, void *const buffers[],
                             uint32_t *labels, dp_error *err)
{
    const dp_branch *branch = node->branch;

    for (uint64_t i = 0; i < node->below; i++) {
        const uint64_t record = dp_branch_record(branch, (uint32_t)(node - branch->nodes), i);
        int64_t label;
        dp_status status =
            dp_source_read(branch->reader, &branch->source, false, record, buffers, err);
        if (status != DP_OK)
            return status;
        label = dp_load_int(buffers[column], branch->source.columns[column].type.dtype, 0);
        if (label < 0 || label >= MAX_LABEL)
            return dp_fail(err, DP_ESPEC, "record %llu has label %lld: expected 0 to %d",
                           (unsigned long long)record, (long long)label, MAX_LABEL - 1);
        labels[i] = (uint32_t)label;
        if ((i + 1) % 64 == 0 || i + 1 == node->below)
            status = dp_progress(branch->options, "labels", i + 1, node->below, err);
        if (status != DP_OK)
            return status;
    }
    return DP_OK;
}

dp_status dp_node_labels(const dp_node *node, const char *name, dp_arena *arena, uint32_t **labels,
                         dp_error *err)
{
    const dp_source *source = &node->branch->source;
    dp_arena row = dp_arena_within(arena);
    void *buffers[DP_MAX_COLUMNS];
    uint32_t column = 0;
    dp_status status = check_below(node, err);

    if (status == DP_OK)
        status = find_column(source, name, &column, err);
    if (status != DP_OK)
        return status;
    *labels = dp_arena_alloc(arena, (size_t)node->below + 1, sizeof **labels);
    if (*labels == NULL)
        return dp_arena_fail(arena, err, "the labels");
    status = dp_source_buffers(source, &row, buffers, err);
    if (status == DP_OK)
        status = read_labels(node, column, buffers, *labels, err);
    dp_arena_free(&row);
    return status;
}
