/* write.c - a stream into a file, whole or not at all, and on where it was stopped
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/options.h"
#include "base/writer.h"
#include "pipeline/snapshot/rows.h"

typedef struct writing {
    dp_arena arena;
    const char *path; /* as it was given: shards lie beside it, where a reader looks for them */
    dp_snapshot_header header;
    uint8_t *header_bytes;
    dp_block_buffers buffers;
    dp_packer packer;
    dp_rows rows;
    dp_hash content;
    dp_writer main, shard;
    uint64_t block;  /* number of the next one */
    uint64_t sought; /* the one that rows stands at */
} writing;

static const dp_snapshot_options defaults = {.size = sizeof defaults};

/* ---- what an earlier process left ---- */

/* Takes whole blocks from a place on, as far as they go within this file; returns the place behind
 * them. */
static uint64_t take_blocks(writing *w, const dp_file *file, uint64_t at)
{
    const dp_snapshot_header *h = &w->header;

    while (w->block < h->n_blocks) {
        const dp_block b = dp_block_of(h, w->block);
        size_t size;
        if (dp_block_examine(h, &b, file, at, file->size, &w->buffers, &size) != NULL)
            break;
        dp_content_add(&w->content, h, &w->buffers.rows, b.n);
        at += size;
        w->block++;
        if (dp_block_ends_file(h, &b))
            break;
    }
    return at;
}

/* Whether block is the first of a shard (or behind the last block). */
static bool begins_shard(const writing *w)
{
    return w->block % w->header.shard_blocks == 0 || w->block == w->header.n_blocks;
}

static dp_status no_memory(const writing *w, dp_error *err)
{
    return dp_arena_fail(&w->arena, err, "a snapshot");
}

static const char *shard_path(writing *w)
{
    return dp_snapshot_shard_path(&w->header, w->path,
                                  (uint32_t)(w->block / w->header.shard_blocks), &w->arena);
}

/* Whether the shard of the next block stands already, whole: then it is passed over. */
static bool pass_shard(writing *w, const char *path)
{
    const uint64_t first = w->block;
    const dp_hash before = w->content;
    dp_file file;
    bool whole;

    if (dp_file_open(path, &file, NULL) != DP_OK)
        return false;
    whole = take_blocks(w, &file, 0) == file.size && begins_shard(w);
    dp_file_close(&file);
    if (!whole) {
        w->block = first;
        w->content = before;
    }
    return whole;
}

/* Opens the shard of the next block, unless it stands; keeps what is whole in it. */
static dp_status open_shard(writing *w, bool resume, dp_error *err)
{
    const char *path = shard_path(w);
    dp_status status;

    if (path == NULL)
        return no_memory(w, err);
    if (resume && pass_shard(w, path))
        return DP_OK;
    status = dp_writer_resume(&w->shard, path, "", err);
    if (status == DP_OK) {
        const dp_file file = dp_writer_file(&w->shard);
        dp_writer_cut(&w->shard, resume ? take_blocks(w, &file, 0) : 0);
    }
    return status;
}

/* The header that is there must be this one. */
static dp_status check_header(writing *w, bool *begin, dp_error *err)
{
    const uint32_t size = w->header.size;
    uint8_t *found = dp_arena_alloc(&w->arena, size, 1);
    const dp_file file = dp_writer_file(&w->main);
    size_t got;

    if (found == NULL)
        return no_memory(w, err);
    if (dp_file_read_at(&file, 0, found, size, &got) != 0 ||
        memcmp(found, w->header_bytes, got) != 0)
        return dp_fail(err, DP_ESTATE,
                       "%.140s is of another stream or other options: remove it, or write without "
                       "--resume",
                       w->main.temporary);
    *begin = got < size;
    return DP_OK;
}

static dp_status open_output(writing *w, bool resume, dp_error *err)
{
    bool begin = !resume;
    dp_status status = dp_writer_resume(&w->main, w->path, DP_SNAPSHOT_MAGIC, err);

    if (status == DP_OK && resume)
        status = check_header(w, &begin, err);
    if (status != DP_OK)
        return status;
    if (begin) {
        dp_writer_cut(&w->main, 0);
        dp_writer_put(&w->main, w->header_bytes, w->header.size);
    } else {
        const dp_file file = dp_writer_file(&w->main);
        const bool sharded = w->header.n_shards > 0;
        dp_writer_cut(&w->main, sharded ? w->header.size : take_blocks(w, &file, w->header.size));
    }
    return dp_writer_check(&w->main, err);
}

/* ---- blocks ---- */

static dp_status write_block(writing *w, dp_error *err)
{
    const dp_block b = dp_block_of(&w->header, w->block);
    dp_writer *blocks = w->header.n_shards == 0 ? &w->main : &w->shard;
    dp_status status = DP_OK;

    if (w->sought != w->block)
        status = dp_rows_seek(&w->rows, b.first, err);
    if (status == DP_OK)
        status = dp_rows_take(&w->rows, b.n, &w->buffers.rows, err);
    if (status != DP_OK)
        return status;
    dp_content_add(&w->content, &w->header, &w->buffers.rows, b.n);
    dp_writer_put(blocks, w->packer.out, dp_block_pack(&w->packer, &b, &w->buffers.rows));
    w->sought = ++w->block;
    return dp_writer_check(blocks, err);
}

/* One block more, or a shard's end. */
static dp_status write_next(writing *w, bool resume, dp_error *err)
{
    const bool sharded = w->header.n_shards > 0;
    dp_status status = DP_OK;

    if (!sharded)
        return write_block(w, err);
    if (w->shard.fd < 0)
        status = open_shard(w, resume, err);
    if (status != DP_OK || w->shard.fd < 0)
        return status;
    if (w->shard.size == 0 || !begins_shard(w))
        status = write_block(w, err);
    return status == DP_OK && begins_shard(w) ? dp_writer_commit(&w->shard, err) : status;
}

static dp_status write_blocks(writing *w, const dp_options *options, const dp_snapshot_options *o,
                              dp_error *err)
{
    dp_status status = DP_OK;

    while (w->block < w->header.n_blocks && status == DP_OK) {
        status = write_next(w, o->resume, err);
        if (o->progress != NULL)
            o->progress(o->progress_ctx, w->block, w->header.n_blocks);
        if (status == DP_OK)
            status = dp_progress(options, "snapshot write", w->block, w->header.n_blocks, err);
    }
    if (status == DP_OK && w->shard.fd >= 0) /* the last one was whole but for its name */
        status = dp_writer_commit(&w->shard, err);
    return status;
}

/* ---- index and footer ---- */

/* The places of all blocks and what is in them, from their heads: nothing is kept of them in
 * memory. */
static dp_status write_index(writing *w, const dp_snapshot_file *f, dp_hash *check, dp_error *err)
{
    uint64_t at = 0;

    for (uint64_t i = 0; i < w->header.n_blocks; i++) {
        const dp_block b = dp_block_of(&w->header, i);
        const size_t size = dp_snapshot_step(f, &b, &at, w->buffers.bytes);
        if (size == 0)
            return dp_fail(err, DP_EIO, "%.160s: block %llu cannot be read again", w->path,
                           (unsigned long long)i);
        dp_block_print_entry(&b, at, dp_block_sizes(&b, w->buffers.bytes), w->buffers.entry);
        dp_hash_bytes(check, w->buffers.entry, b.entry);
        dp_writer_put(&w->main, w->buffers.entry, b.entry);
        at += size;
    }
    return dp_writer_check(&w->main, err);
}

static dp_status finish(writing *w, dp_error *err)
{
    dp_snapshot_file f = {.path = w->path,
                          .main = dp_writer_file(&w->main),
                          .header = w->header,
                          .footer = {.index = w->main.size}};
    uint8_t footer[DP_SNAPSHOT_FOOTER];
    dp_hash check;
    dp_opener opener = {.arena = &w->arena};
    dp_status status = dp_snapshot_open_shards(&f, &opener, err);

    dp_hash64_init(&check);
    if (status == DP_OK)
        status = write_index(w, &f, &check, err);
    dp_snapshot_close_shards(&f);
    if (status != DP_OK)
        return status;
    f.footer.index_check = dp_hash64_final(&check);
    dp_hash_final(&w->content, f.footer.content);
    dp_snapshot_print_footer(&w->header, &f.footer, footer);
    dp_writer_put(&w->main, footer, sizeof footer);
    status = dp_writer_check(&w->main, err);
    return status == DP_OK ? dp_writer_commit(&w->main, err) : status;
}

/* ---- the whole ---- */

/* The shards of a snapshot that is gone. */
static void remove_shards(const dp_snapshot_header *old, const char *path, dp_arena *arena)
{
    for (uint32_t i = 0; i < old->n_shards; i++) {
        const char *shard = dp_snapshot_shard_path(old, path, i, arena);
        if (shard != NULL)
            unlink(shard);
    }
}

/* Whether the snapshot that stands there is the one that is asked for. */
static bool stands(const dp_snapshot_file *old, const dp_snapshot_header *h)
{
    return old->complete && old->header.key == h->key && h->n_shards == 0;
}

static dp_status write_all(writing *w, dp_pipeline *p, const dp_snapshot_options *o, dp_error *err)
{
    uint8_t identity[16];
    dp_snapshot_file old;
    dp_status status = dp_block_buffers_open(&w->buffers, &w->header, &w->arena, err);
    dp_opener opener = {.arena = &w->arena};
    const bool had = dp_snapshot_file_open(&old, w->path, &opener, NULL) == DP_OK;

    if (had)
        dp_snapshot_file_close(&old);
    if (had && o->resume && stands(&old, &w->header))
        return DP_OK;
    dp_content_start(&w->content, &w->header);
    if (status == DP_OK)
        status = dp_packer_open(&w->packer, &w->header, &w->arena, err);
    if (status == DP_OK)
        status = open_output(w, o->resume, err);
    if (status == DP_OK)
        status = write_blocks(w, &p->handle.options, o, err);
    if (status == DP_OK)
        status = dp_dataset_digest(p, identity, err); /* that of the header still */
    if (status == DP_OK)
        status = finish(w, err);
    if (status == DP_OK && had && old.header.key != w->header.key)
        remove_shards(&old.header, w->path, &w->arena);
    return status;
}

/* What was written stays for --resume, but for rows of a data set that changed meanwhile. */
static void end_writers(writing *w, dp_pipeline *p, dp_status status)
{
    uint8_t identity[16];
    const bool changed = status != DP_OK && w->sought != UINT64_MAX &&
                         dp_dataset_digest(p, identity, NULL) == DP_ESTATE;
    void (*const end)(dp_writer *) = changed ? dp_writer_cancel : dp_writer_leave;

    end(&w->shard);
    end(&w->main);
    if (changed)
        remove_shards(&w->header, w->path, &w->arena);
}

dp_status dp_snapshot_write(dp_pipeline *p, const char *path, const dp_snapshot_options *given,
                            dp_error *err)
{
    dp_snapshot_options options;
    writing w = {.path = path, .main.fd = -1, .shard.fd = -1, .sought = UINT64_MAX};
    dp_status status;

    if (p == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_snapshot_write: %s is NULL",
                       p == NULL ? "the pipeline" : "path");
    status = dp_struct_take(given != NULL ? given : &defaults, "dp_snapshot_options",
                            sizeof options, &options, err);
    if (status == DP_OK)
        status = dp_handle_check(&p->handle, err);
    if (status == DP_OK && dp_path_is_url(path))
        status =
            dp_fail(err, DP_EIO, "%.120s is an address: a snapshot is written to a file", path);
    if (status == DP_OK)
        status = dp_check_regular(path, err);
    if (status != DP_OK)
        return status;
    w.arena = dp_arena_within(&p->graph.arena);
    status = dp_rows_describe(p, &options, &w.arena, &w.header, err);
    if (status == DP_OK)
        status = dp_snapshot_print(&w.header, &w.arena, &w.header_bytes, err);
    if (status == DP_OK) {
        dp_rows_open(&w.rows, p, &w.header);
        status = write_all(&w, p, &options, err);
        dp_rows_close(&w.rows);
    }
    end_writers(&w, p, status);
    dp_arena_free(&w.arena);
    return status;
}
