/* target.c - a snapshot that becomes a file: whole or not at all, and on where it was stopped
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/snapshot/target.h"

#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "io/snapshot/seal.h"

static dp_status check_disk(const dp_target *w, const dp_writer *out, dp_error *err)
{
    if (out->error == 0)
        return DP_OK;
    return dp_fail(err, DP_EIO, "cannot write %.140s: %s (what is written stays: %s)",
                   out->temporary, strerror(out->error),
                   w->like == NULL ? "--resume" : "the next call goes on from it");
}

/* ---- what an earlier process left ---- */

/* Takes whole blocks from a place on, as far as they go within this file; returns the place behind
 * them. */
static uint64_t take_blocks(dp_target *w, const dp_file *file, uint64_t at)
{
    const dp_snapshot_header *h = &w->header;

    while (w->block < h->n_blocks) {
        const dp_block b = dp_block_of(h, w->block);
        size_t size;
        if (dp_block_examine(h, &b, file, at, file->size, &w->buffers, &size) != NULL ||
            (w->like != NULL && !dp_seal_holds(w->like, &b, w->buffers.bytes, size)))
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
static bool begins_shard(const dp_target *w)
{
    return w->block % w->header.shard_blocks == 0 || w->block == w->header.n_blocks;
}

static dp_status no_memory(const dp_target *w, dp_error *err)
{
    return dp_arena_fail(&w->arena, err, "a snapshot");
}

static const char *shard_path(dp_target *w)
{
    return dp_snapshot_shard_path(&w->header, w->path,
                                  (uint32_t)(w->block / w->header.shard_blocks), &w->arena);
}

/* Whether the shard of the next block stands already, whole: then it is passed over. */
static bool pass_shard(dp_target *w, const char *path)
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
static dp_status open_shard(dp_target *w, dp_error *err)
{
    const char *path = shard_path(w);
    dp_status status;

    if (path == NULL)
        return no_memory(w, err);
    if (w->how.resume && pass_shard(w, path))
        return DP_OK;
    status = dp_writer_resume(&w->shard, path, "", err);
    if (status == DP_OK) {
        const dp_file file = dp_writer_file(&w->shard);
        dp_writer_cut(&w->shard, w->how.resume ? take_blocks(w, &file, 0) : 0);
    }
    return status;
}

/* The header that is there must be this one. */
static dp_status check_header(dp_target *w, bool *begin, dp_error *err)
{
    const uint32_t size = w->header.size;
    uint8_t *found = dp_arena_alloc(&w->arena, size, 1);
    const dp_file file = dp_writer_file(&w->main);
    size_t got;

    if (found == NULL)
        return no_memory(w, err);
    if (dp_file_read_at(&file, 0, found, size, &got) != 0 ||
        memcmp(found, w->header_bytes, got) != 0)
        return dp_fail(err, DP_ESTATE, "%.140s is of another stream or other options: remove it%s",
                       w->main.temporary, w->like == NULL ? ", or write without --resume" : "");
    *begin = got < size;
    return DP_OK;
}

static dp_status open_target(dp_target *w, dp_error *err)
{
    bool begin = !w->how.resume;
    dp_status status = dp_writer_resume(&w->main, w->path, DP_SNAPSHOT_MAGIC, err);

    if (status == DP_OK && w->how.resume)
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
    return check_disk(w, &w->main, err);
}

/* ---- blocks ---- */

static dp_status write_block(dp_target *w, dp_error *err)
{
    const dp_block b = dp_block_of(&w->header, w->block);
    dp_writer *blocks = w->header.n_shards == 0 ? &w->main : &w->shard;
    const uint8_t *bytes;
    size_t size;
    const dp_status status = w->make(w->ctx, &b, &bytes, &size, err);

    if (status != DP_OK)
        return status;
    dp_content_add(&w->content, &w->header, &w->buffers.rows, b.n);
    dp_writer_put(blocks, bytes, size);
    w->block++;
    return check_disk(w, blocks, err);
}

/* One block more, or a shard's end. */
static dp_status write_next(dp_target *w, dp_error *err)
{
    const bool sharded = w->header.n_shards > 0;
    dp_status status = DP_OK;

    if (!sharded)
        return write_block(w, err);
    if (w->shard.fd < 0)
        status = open_shard(w, err);
    if (status != DP_OK || w->shard.fd < 0)
        return status;
    if (w->shard.size == 0 || !begins_shard(w))
        status = write_block(w, err);
    return status == DP_OK && begins_shard(w) ? dp_writer_commit(&w->shard, err) : status;
}

static dp_status write_blocks(dp_target *w, dp_error *err)
{
    const uint64_t n = w->header.n_blocks;
    dp_status status = DP_OK;

    while (w->block < n && status == DP_OK) {
        status = write_next(w, err);
        if (w->how.progress != NULL)
            w->how.progress(w->how.progress_ctx, w->block, n);
        if (status == DP_OK)
            status = dp_progress(w->options, w->task, w->block, n, err);
    }
    if (status == DP_OK && w->shard.fd >= 0) /* the last one was whole but for its name */
        status = dp_writer_commit(&w->shard, err);
    return status;
}

dp_status dp_target_blocks(dp_target *w, dp_error *err)
{
    dp_status status;

    w->block = 0;
    dp_content_start(&w->content, &w->header);
    status = open_target(w, err);
    return status == DP_OK ? write_blocks(w, err) : status;
}

bool dp_target_is_whole(dp_target *w, const dp_file *file)
{
    w->block = 0;
    dp_content_start(&w->content, &w->header);
    take_blocks(w, file, w->header.size);
    return w->block == w->header.n_blocks;
}

/* ---- index and footer ---- */

/* The places of all blocks and what is in them, from their heads: nothing is kept of them in
 * memory. */
static dp_status write_index(dp_target *w, const dp_snapshot_file *f, dp_hash *check, dp_error *err)
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
    return check_disk(w, &w->main, err);
}

dp_status dp_target_finish(dp_target *w, dp_error *err)
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
    if (w->like != NULL && memcmp(footer, w->like->tail, sizeof footer) != 0)
        return dp_fail(err, DP_ECORRUPT, "%.120s holds other records than its footer says",
                       w->like->path);
    dp_writer_put(&w->main, footer, sizeof footer);
    status = check_disk(w, &w->main, err);
    return status == DP_OK ? dp_writer_commit(&w->main, err) : status;
}

/* ---- the end ---- */

void dp_target_remove_shards(const dp_snapshot_header *old, const char *path, dp_arena *arena)
{
    for (uint32_t i = 0; i < old->n_shards; i++) {
        const char *shard = dp_snapshot_shard_path(old, path, i, arena);
        if (shard != NULL)
            unlink(shard);
    }
}

void dp_target_close(dp_target *w, bool keep)
{
    void (*const end)(dp_writer *) = keep ? dp_writer_leave : dp_writer_cancel;

    end(&w->shard);
    end(&w->main);
    if (!keep)
        dp_target_remove_shards(&w->header, w->path, &w->arena);
    dp_arena_free(&w->arena);
}
