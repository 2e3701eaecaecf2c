/* write.c - the rows of a stream into a snapshot
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/options.h"
#include "pipeline/snapshot/target.h"
#include "pipeline/snapshot/rows.h"

typedef struct writing {
    dp_target target;
    dp_packer packer;
    dp_rows rows;
    uint64_t sought; /* the block that rows stands at */
} writing;

static const dp_snapshot_options defaults = {.size = sizeof defaults};

static dp_status make_block(void *ctx, const dp_block *b, const uint8_t **bytes, size_t *size,
                            dp_error *err)
{
    writing *w = ctx;
    dp_status status = DP_OK;

    if (w->sought != b->number)
        status = dp_rows_seek(&w->rows, b->first, err);
    if (status == DP_OK)
        status = dp_rows_take(&w->rows, b->n, &w->target.buffers.rows, err);
    if (status != DP_OK)
        return status;
    *size = dp_block_pack(&w->packer, b, &w->target.buffers.rows);
    *bytes = w->packer.out;
    w->sought = b->number + 1;
    return DP_OK;
}

/* Whether the snapshot that stands there is the one that is asked for. */
static bool stands(const dp_snapshot_file *old, const dp_snapshot_header *h)
{
    return old->complete && old->header.key == h->key && h->n_shards == 0;
}

static dp_status write_all(writing *w, dp_pipeline *p, dp_error *err)
{
    dp_target *out = &w->target;
    uint8_t identity[16];
    dp_snapshot_file old;
    dp_status status = dp_block_buffers_open(&out->buffers, &out->header, &out->arena, err);
    dp_opener opener = {.arena = &out->arena};
    const bool had = dp_snapshot_file_open(&old, out->path, &opener, NULL) == DP_OK;

    if (had)
        dp_snapshot_file_close(&old);
    if (had && out->how.resume && stands(&old, &out->header))
        return DP_OK;
    if (status == DP_OK)
        status = dp_packer_open(&w->packer, &out->header, &out->arena, err);
    if (status == DP_OK)
        status = dp_target_blocks(out, err);
    if (status == DP_OK)
        status = dp_dataset_digest(p, identity, err); /* that of the header still */
    if (status == DP_OK)
        status = dp_target_finish(out, err);
    if (status == DP_OK && had && old.header.key != out->header.key)
        dp_target_remove_shards(&old.header, out->path, &out->arena);
    return status;
}

/* What was written stays for --resume, but for rows of a data set that changed meanwhile. */
static bool stays(const writing *w, dp_pipeline *p, dp_status status)
{
    uint8_t identity[16];

    return status == DP_OK || w->sought == UINT64_MAX ||
           dp_dataset_digest(p, identity, NULL) != DP_ESTATE;
}

dp_status dp_snapshot_write(dp_pipeline *p, const char *path, const dp_snapshot_options *given,
                            dp_error *err)
{
    writing w = {.sought = UINT64_MAX};
    dp_target *out = &w.target;
    uint8_t *header;
    dp_status status;

    if (p == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_snapshot_write: %s is NULL",
                       p == NULL ? "the pipeline" : "path");
    *out = (dp_target){.path = path,
                       .options = &p->handle.options,
                       .task = "snapshot write",
                       .make = make_block,
                       .ctx = &w,
                       .main.fd = -1,
                       .shard.fd = -1};
    status = dp_struct_take(given != NULL ? given : &defaults, "dp_snapshot_options",
                            sizeof out->how, &out->how, err);
    if (status == DP_OK)
        status = dp_handle_check(&p->handle, err);
    if (status == DP_OK && dp_path_is_url(path))
        status =
            dp_fail(err, DP_EIO, "%.120s is an address: a snapshot is written to a file", path);
    if (status == DP_OK)
        status = dp_check_regular(path, err);
    if (status != DP_OK)
        return status;
    out->arena = dp_arena_within(&p->graph.arena);
    status = dp_rows_describe(p, &out->how, &out->arena, &out->header, err);
    if (status == DP_OK)
        status = dp_snapshot_print(&out->header, &out->arena, &header, err);
    if (status == DP_OK) {
        out->header_bytes = header;
        dp_rows_open(&w.rows, p, &out->header);
        status = write_all(&w, p, err);
        dp_rows_close(&w.rows);
    }
    dp_target_close(out, stays(&w, p, status));
    return status;
}
