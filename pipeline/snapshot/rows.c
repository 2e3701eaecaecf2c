/* rows.c - a stream as a snapshot's header and records
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/snapshot/rows.h"

#include <string.h>

#include "base/status.h"
#include "base/tensor.h"
#include "pipeline/walk.h"

static dp_status choose_compression(const char *name, dp_snapshot_header *h, dp_error *err)
{
    for (uint8_t i = 0; i < DP_N_COMPRESSIONS; i++) {
        if (strcmp(name != NULL ? name : "none", dp_compressions[i]) == 0) {
            h->compression = i;
            return DP_OK;
        }
    }
    return dp_fail(err, DP_EINVAL, "there is no compression '%.40s': none, lz4 or lz4hc", name);
}

static dp_status describe_columns(const dp_graph *g, dp_snapshot_header *h, dp_error *err)
{
    h->n_columns = g->columns.n;
    for (uint32_t c = 0; c < g->columns.n; c++) {
        h->columns[c] = g->columns.column[c];
        h->least[c] = g->least[g->columns.slot[c]];
        h->pictures[c] = g->pictures[g->columns.slot[c]];
        if (g->columns.owner[c] != g->columns.owner[0])
            return dp_fail(err, DP_ESPEC,
                           "a snapshot cannot hold batches that are zipped: zip rows instead");
        if (strlen(h->columns[c].name) > DP_MAX_NAME)
            return dp_fail(err, DP_ELIMIT, "a snapshot's columns have names of at most %d bytes",
                           DP_MAX_NAME);
        if (!dp_dtype_is_float(h->columns[c].type.dtype))
            continue;
        h->columns[c].limit = 0;
        h->shuffle = h->compression != DP_COMPRESS_NONE;
    }
    return DP_OK;
}

static dp_status describe_batches(dp_pipeline *p, uint64_t n, dp_snapshot_header *h,
                                  dp_arena *arena, dp_error *err)
{
    const dp_graph *g = &p->graph;
    dp_status status = DP_OK;

    h->n_records = n;
    if (!dp_graph_batched(g))
        return DP_OK;
    h->groups.batch_size = dp_graph_full_rows(g, g->columns.owner[0]);
    for (uint64_t i = 0; i < n && status == DP_OK; i++)
        status = dp_groups_add(&h->groups, 1, dp_ring_count(&p->ring, i), arena, err);
    h->n_records = h->groups.n_rows;
    return status;
}

static void choose_blocks(const dp_snapshot_options *o, dp_snapshot_header *h)
{
    const uint64_t usual = h->compression == DP_COMPRESS_NONE ? 4096 : 65536;
    const uint64_t size = o->block_size != 0 ? o->block_size : usual;
    uint64_t record, n;

    dp_snapshot_measure(h);
    record = h->record_size;
    n = record == 0 || size / record == 0 ? 1 : size / record;
    h->block_records = n > DP_SNAPSHOT_BLOCK_RECORDS ? DP_SNAPSHOT_BLOCK_RECORDS : (uint32_t)n;
    if (o->shard_size == 0 || record == 0)
        return;
    n = o->shard_size / record / h->block_records;
    h->shard_blocks = n == 0 ? 1 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

dp_status dp_rows_describe(dp_pipeline *p, const dp_snapshot_options *o, dp_arena *arena,
                           dp_snapshot_header *h, dp_error *err)
{
    const uint64_t length = dp_length(p);
    const uint64_t n = o->batches == 0 || o->batches > length ? length : o->batches;
    dp_status status;

    *h = (dp_snapshot_header){.spec = dp_spec(p)};
    if (n == UINT64_MAX)
        return dp_fail(err, DP_EINVAL,
                       "the stream is endless: say how many batches of it the snapshot holds, by "
                       "dp_snapshot_options.batches (--batches N)");
    status = choose_compression(o->compression, h, err);
    if (status == DP_OK)
        status = describe_columns(&p->graph, h, err);
    if (status == DP_OK)
        status = describe_batches(p, n, h, arena, err);
    if (status == DP_OK)
        status = dp_origin_of(p, &h->origin, err);
    if (status != DP_OK)
        return status;
    choose_blocks(o, h);
    return dp_snapshot_settle(h, err);
}

/* ---- rows ---- */

void dp_rows_open(dp_rows *r, dp_pipeline *p, const dp_snapshot_header *h)
{
    *r = (dp_rows){.pipeline = p, .header = h, .back = dp_tell(p)};
}

void dp_rows_close(dp_rows *r)
{
    dp_ring_recycle(&r->pipeline->ring, &r->batch);
    (void)!dp_seek(r->pipeline, r->back, NULL);
}

dp_status dp_rows_seek(dp_rows *r, uint64_t record, dp_error *err)
{
    const dp_groups *g = &r->header->groups;
    const bool batched = g->batch_size != 0;
    const uint64_t batch = batched ? dp_groups_batch(g, record) : record;
    const dp_status status = dp_seek(r->pipeline, batch, err);

    r->row = batched ? record - dp_groups_first(g, batch) : 0;
    r->n_rows = 0; /* the batch is to be read */
    return status;
}

/* The batch that the next row is in. */
static dp_status advance(dp_rows *r, dp_error *err)
{
    const dp_groups *g = &r->header->groups;
    dp_status status = DP_OK;

    while (r->row >= r->n_rows && status == DP_OK) {
        if (r->n_rows > 0)
            r->row = 0;
        r->n_rows = g->batch_size == 0 ? 1 : dp_groups_rows(g, dp_tell(r->pipeline));
        status = dp_next(r->pipeline, &r->batch, err);
    }
    if (status == DP_END)
        return dp_fail(err, DP_ESTATE, "the stream ended before the rows that it has");
    return status;
}

/* Its bytes; into the record and its sizes. */
static size_t store_row(const dp_rows *r, uint8_t *record, uint8_t *sizes)
{
    const dp_snapshot_header *h = r->header;
    dp_tensor t[DP_MAX_COLUMNS];
    size_t size = 0;

    for (uint32_t c = 0; c < h->n_columns; c++) {
        const dp_tensor *rows = dp_batch_get(r->batch, h->columns[c].name);
        t[c] = h->least[c] != NULL ? *rows : h->columns[c].type;
        t[c].data = (uint8_t *)rows->data + r->row * dp_tensor_bytes(&t[c]);
        dp_tensor_store(&t[c], record + size);
        size += dp_tensor_bytes(&t[c]);
    }
    dp_sizes_print(h, t, sizes);
    return size;
}

dp_status dp_rows_take(dp_rows *r, uint64_t n, const dp_block_rows *rows, dp_error *err)
{
    uint8_t *record = rows->records, *sizes = rows->sizes;
    dp_status status = DP_OK;

    for (uint64_t i = 0; i < n; i++, r->row++, sizes += r->header->sizes) {
        if (r->row >= r->n_rows)
            status = advance(r, err);
        if (status != DP_OK)
            return status;
        record += store_row(r, record, sizes);
    }
    return DP_OK;
}
