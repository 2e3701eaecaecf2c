/* check.c - a snapshot looked at, checked byte for byte, and made whole again
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/options.h"
#include "io/snapshot/seal.h"
#include "pipeline/snapshot/opened.h"
#include "pipeline/snapshot/rows.h"

/* ---- info ---- */

static void describe(dp_snapshot *s)
{
    const dp_snapshot_header *h = &s->file.header;
    dp_snapshot_info *info = &s->info;

    for (uint32_t c = 0; c < h->n_columns; c++) {
        const size_t bytes = (size_t)h->columns[c].type.rank * sizeof h->least[c][0];
        s->columns[c] = s->least[c] = (dp_array){h->columns[c].name, h->columns[c].type};
        if (h->least[c] != NULL)
            memcpy(s->least[c].tensor.shape, h->least[c], bytes);
    }
    *info = (dp_snapshot_info){
        .spec = h->spec,
        .seed = h->origin.seed,
        .n_records = h->n_records,
        .n_batches = h->groups.n_batches,
        .batch_size = h->groups.batch_size,
        .columns = s->columns,
        .compression = dp_compressions[h->compression],
        .block_records = h->block_records,
        .n_blocks = h->n_blocks,
        .n_shards = h->n_shards,
        .raw_size = dp_snapshot_raw_size(&s->file),
        .file_size = s->file.main.size,
        .complete = s->file.complete,
        .least = s->least,
        .digest = s->digest[0] != '\0' ? s->digest : NULL,
    };
    for (uint32_t i = 0; i < h->n_shards; i++)
        info->file_size += s->file.shards[i].size;
    memcpy(info->fingerprint, h->origin.fingerprint, 16);
    memcpy(info->dataset, h->origin.identity, 16);
    memcpy(info->content, s->file.footer.content, 16);
}

/* Its seal; one that is there and is not its own is for a check to say. */
static void look_for_seal(dp_snapshot *s)
{
    uint8_t digest[DP_BLAKE], *seal;
    const dp_status status = dp_seal_load(&s->file, &s->opener, &seal, digest, &s->no_seal);

    if (status == DP_OK) {
        s->file.seal = seal;
        dp_seal_text(digest, s->digest);
    } else if (status == DP_EIO && s->opener.missing) {
        s->no_seal.status = DP_OK;
    }
}

dp_status dp_snapshot_open(dp_snapshot **out, const char *path, const dp_options *given,
                           dp_error *err)
{
    dp_handle *handle;
    dp_snapshot *s;
    dp_status status;

    if (out == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_snapshot_open: %s is NULL",
                       out == NULL ? "out" : "path");
    status = dp_handle_open(&handle, sizeof *s, "a snapshot", given, err);
    if (status != DP_OK)
        return status;
    s = (dp_snapshot *)handle;
    s->file.main.fd = -1;
    s->opener = (dp_opener){
        .options = &handle->options, .arena = &handle->arena, .blocks = true, .anew = true};
    path = dp_path_join(&handle->arena, handle->options.root, path);
    status = path == NULL ? dp_arena_fail(&handle->arena, err, "a snapshot")
                          : dp_snapshot_file_open(&s->file, path, &s->opener, err);
    if (status == DP_OK && s->file.complete) /* if not, a check says so */
        status = dp_snapshot_load_index(&s->file, &handle->arena, err);
    if (status == DP_ECORRUPT && s->file.complete)
        status = DP_OK;
    if (status == DP_OK && s->file.complete)
        look_for_seal(s);
    dp_handle_leave(handle, status);
    if (status != DP_OK) {
        dp_snapshot_close(s);
        return status;
    }
    describe(s);
    *out = s;
    return DP_OK;
}

void dp_snapshot_close(dp_snapshot *s)
{
    if (s == NULL)
        return;
    dp_snapshot_file_close(&s->file);
    dp_opener_close(&s->opener);
    dp_handle_close(&s->handle);
}

const dp_snapshot_info *dp_snapshot_get_info(const dp_snapshot *s)
{
    return s != NULL ? &s->info : NULL;
}

/* ---- check ---- */

typedef struct checking {
    dp_snapshot *s;
    const dp_snapshot_header *h;
    dp_arena arena;
    dp_block_buffers buffers;
    dp_packer packer;
    dp_rows rows;
    bool repairs;
    dp_hash content, index;
    uint64_t at; /* of the block in its file */
    dp_snapshot_damage damage;
} checking;

/* The path of the file that a block is in; DP_ENOMEM: NULL. */
static const char *path_of(checking *k, const dp_block *b)
{
    const uint32_t shard = k->h->shard_blocks > 0 ? (uint32_t)(b->number / k->h->shard_blocks) : 0;

    return dp_snapshot_shard_path(k->h, k->s->file.path, shard, &k->arena);
}

static dp_status write_at(checking *k, const char *path, uint64_t at, const void *bytes, size_t n,
                          dp_error *err)
{
    const int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    int error = 0;

    if (path == NULL)
        return dp_arena_fail(&k->arena, err, "a path");
    if (fd >= 0)
        error = dp_file_write_at(fd, at, bytes, n);
    if (fd < 0 || error != 0 || fsync(fd) != 0)
        error = error != 0 ? error : errno;
    if (fd >= 0)
        close(fd);
    return error == 0 ? DP_OK
                      : dp_fail(err, DP_EIO, "cannot repair %.160s: %s", path, strerror(error));
}

static dp_status cut(checking *k, const char *path, uint64_t size, dp_error *err)
{
    if (path == NULL)
        return dp_arena_fail(&k->arena, err, "a path");
    return truncate(path, (off_t)size) == 0
               ? DP_OK
               : dp_fail(err, DP_EIO, "cannot repair %.160s: %s", path, strerror(errno));
}

/* Bytes of the whole file, if the last block ends here. */
static uint64_t tail_end(const checking *k, uint64_t end)
{
    return end + dp_snapshot_index_size(k->h) + DP_SNAPSHOT_FOOTER;
}

/* Whether `size` bytes at the place leave what stands behind them where it is: nothing stands
 * behind the end of a file that was cut. */
static bool fits(checking *k, const dp_block *b, size_t size)
{
    const dp_snapshot_file *f = &k->s->file;
    uint64_t begin, end, at;
    const dp_file *file = dp_snapshot_file_of(f, b, &begin, &end);
    size_t room, got;

    if (dp_snapshot_place(f, b, &at, &room, NULL) == DP_OK && at == k->at)
        return room == size || (dp_block_ends_file(k->h, b) && k->h->n_shards > 0);
    if (dp_block_ends_file(k->h, b))
        return k->h->n_shards > 0 || tail_end(k, k->at + size) >= file->size;
    const dp_block next = dp_block_of(k->h, b->number + 1);
    if (dp_file_read_at(file, k->at + size, k->buffers.bytes, next.head, &got) != 0)
        return false;
    return got < next.head || dp_block_size(k->h, &next, k->buffers.bytes) != 0;
}

static dp_status repair_block(checking *k, const dp_block *b, size_t *size, dp_error *err)
{
    dp_status status = dp_rows_seek(&k->rows, b->first, err);

    if (status == DP_OK)
        status = dp_rows_take(&k->rows, b->n, &k->buffers.rows, err);
    if (status != DP_OK)
        return status;
    *size = dp_block_pack(&k->packer, b, &k->buffers.rows);
    if (!dp_seal_holds(&k->s->file, b, k->packer.out, *size))
        return dp_fail(err, DP_ESTATE, "block %llu is another in %.120s.seal than this stream's",
                       (unsigned long long)b->number, k->s->file.path);
    if (!fits(k, b, *size))
        return dp_fail(err, DP_ESTATE,
                       "block %llu cannot be repaired in its place: write the snapshot again",
                       (unsigned long long)b->number);
    status = write_at(k, path_of(k, b), k->at, k->packer.out, *size, err);
    if (status == DP_OK)
        k->damage.repaired++;
    return status;
}

/* How long a damaged block was, or 0 when nothing says so. */
static size_t find_size(const checking *k, const dp_block *b)
{
    uint64_t at;
    size_t size;

    if (dp_snapshot_place(&k->s->file, b, &at, &size, NULL) == DP_OK && at == k->at)
        return size;
    return 0;
}

/* The blocks of this file from here on are lost: nobody knows where they begin. */
static void lose_rest(checking *k, const dp_block *b, uint64_t *next)
{
    const uint64_t per = k->h->shard_blocks > 0 ? k->h->shard_blocks : k->h->n_blocks;
    uint64_t end = (b->number / per + 1) * per;

    end = end > k->h->n_blocks ? k->h->n_blocks : end;
    *next = end;
    if (end == b->number + 1)
        return;
    const dp_block last = dp_block_of(k->h, end - 1);
    k->damage.blocks += end - b->number - 1;
    k->damage.records += last.first + last.n - b->first - b->n;
    k->damage.index = 1;
    dp_log(&k->s->handle.options, "blocks %llu to %llu: nothing says where they begin",
           (unsigned long long)b->number + 1, (unsigned long long)end - 1);
}

static void say_damage(checking *k, const dp_block *b, const char *why)
{
    k->damage.blocks++;
    k->damage.records += b->n;
    dp_log(&k->s->handle.options, "block %llu (records %llu to %llu) at byte %llu: %s",
           (unsigned long long)b->number, (unsigned long long)b->first,
           (unsigned long long)(b->first + b->n - 1), (unsigned long long)k->at, why);
}

/* What the index says of a block that is there; of one that is lost the place alone is known. */
static void check_entry(checking *k, const dp_block *b, bool lost)
{
    const uint64_t place = k->s->file.footer.index + 8 * b->number + k->h->sizes * b->first;
    const size_t n = lost ? 8 : b->entry;
    uint8_t *found = k->buffers.bytes;
    size_t got = 0;

    dp_block_print_entry(b, k->at, k->buffers.rows.sizes, k->buffers.entry);
    dp_hash_bytes(&k->index, k->buffers.entry, b->entry);
    if (dp_file_read_at(&k->s->file.main, place, found, n, &got) != 0 || got != n ||
        memcmp(found, k->buffers.entry, n) != 0)
        k->damage.index = 1;
}

/* A shard ends with its last block. */
static dp_status check_end(checking *k, const dp_block *b, const dp_file *file, dp_error *err)
{
    const char *path;

    if (k->h->n_shards == 0 || !dp_block_ends_file(k->h, b) || k->at >= file->size)
        return DP_OK;
    path = path_of(k, b);
    dp_log(&k->s->handle.options, "%s is longer than its blocks", path != NULL ? path : "a shard");
    k->damage.footer = 1;
    return k->repairs ? cut(k, path, k->at, err) : DP_OK;
}

/* Block number *next, and the number of the one to go on with. */
static dp_status check_block(checking *k, uint64_t *next, dp_error *err)
{
    const dp_block b = dp_block_of(k->h, *next);
    uint64_t begin, end;
    const dp_file *file = dp_snapshot_file_of(&k->s->file, &b, &begin, &end);
    size_t size;
    dp_status status = DP_OK;
    const char *why;

    if (dp_block_begins_file(k->h, &b))
        k->at = begin;
    why = dp_block_examine(k->h, &b, file, k->at, end, &k->buffers, &size);
    if (why == NULL && !dp_seal_holds(&k->s->file, &b, k->buffers.bytes, size))
        why = "it is another than its seal says";
    if (why != NULL) {
        say_damage(k, &b, why);
        if (k->repairs)
            status = repair_block(k, &b, &size, err);
        else if (size == 0)
            size = find_size(k, &b);
    }
    if (status != DP_OK)
        return status;
    if (size == 0) {
        lose_rest(k, &b, next);
        return DP_OK;
    }
    if (why == NULL || k->repairs)
        dp_content_add(&k->content, k->h, &k->buffers.rows, b.n);
    check_entry(k, &b, why != NULL && !k->repairs);
    k->at += size;
    *next += 1;
    return check_end(k, &b, file, err);
}

/* ---- index and footer ---- */

/* All that is known of the blocks again, from their heads, some of it at a time. */
static dp_status write_index(checking *k, uint64_t place, dp_error *err)
{
    const size_t room = 4096 + dp_block_of(k->h, 0).entry;
    uint8_t *entries = dp_arena_alloc(&k->arena, room, 1);
    size_t n = 0;
    dp_status status =
        entries != NULL ? DP_OK : dp_arena_fail(&k->arena, err, "the index of a snapshot");

    for (uint64_t i = 0; i < k->h->n_blocks && status == DP_OK; i++) {
        const dp_block b = dp_block_of(k->h, i);
        const size_t size = dp_snapshot_step(&k->s->file, &b, &k->at, k->buffers.bytes);
        dp_block_print_entry(&b, k->at, dp_block_sizes(&b, k->buffers.bytes), entries + n);
        n += b.entry;
        if (n > 4096 || i + 1 == k->h->n_blocks) {
            status = write_at(k, k->s->file.path, place, entries, n, err);
            place += n;
            n = 0;
        }
        k->at += size;
    }
    return status;
}

/* The footer that these blocks have, against the one that is there. */
static bool make_footer(checking *k, uint64_t place, uint8_t footer[DP_SNAPSHOT_FOOTER])
{
    dp_snapshot_footer should = {.index = place, .index_check = dp_hash64_final(&k->index)};
    uint8_t found[DP_SNAPSHOT_FOOTER];
    size_t got = 0;

    dp_hash_final(&k->content, should.content);
    dp_snapshot_print_footer(k->h, &should, footer);
    return k->s->file.complete &&
           dp_file_read_at(&k->s->file.main, place + dp_snapshot_index_size(k->h), found,
                           sizeof found, &got) == 0 &&
           got == sizeof found && memcmp(found, footer, sizeof found) == 0;
}

static dp_status check_tail(checking *k, dp_error *err)
{
    const char *path = k->s->file.path;
    const uint64_t place = k->h->n_shards > 0 || k->h->n_blocks == 0 ? k->h->size : k->at;
    const uint64_t end = tail_end(k, place);
    uint8_t footer[DP_SNAPSHOT_FOOTER];
    dp_status status = DP_OK;

    if (k->damage.repaired < k->damage.blocks) { /* what they held is not known */
        k->damage.footer = k->damage.footer || !k->s->file.complete;
        return DP_OK;
    }
    if (!make_footer(k, place, footer))
        k->damage.footer = 1;
    if (k->damage.index)
        dp_log(&k->s->handle.options, "the index is damaged");
    if (k->damage.footer)
        dp_log(&k->s->handle.options, "the footer is damaged, or the file has another size");
    if (!k->repairs)
        return DP_OK;
    if (k->damage.index)
        status = write_index(k, place, err);
    if (k->damage.footer && status == DP_OK)
        status = write_at(k, path, end - sizeof footer, footer, sizeof footer, err);
    return status == DP_OK && k->s->file.main.size > end ? cut(k, path, end, err) : status;
}

static dp_status check_all(checking *k, dp_error *err)
{
    dp_status status = DP_OK;

    dp_content_start(&k->content, k->h);
    dp_hash64_init(&k->index);
    for (uint64_t next = 0; next < k->h->n_blocks && status == DP_OK;) {
        status = check_block(k, &next, err);
        if (status == DP_OK)
            status =
                dp_progress(&k->s->handle.options, "snapshot check", next, k->h->n_blocks, err);
    }
    return status == DP_OK ? check_tail(k, err) : status;
}

/* ---- the call ---- */

static dp_status open_source(checking *k, dp_pipeline *from, dp_error *err)
{
    const dp_origin *written = &k->h->origin;
    const char *other = NULL;
    dp_origin origin;
    dp_status status = dp_origin_of(from, &origin, err);

    if (status != DP_OK)
        return status;
    if (memcmp(origin.fingerprint, written->fingerprint, 16) != 0)
        other = "text";
    else if (origin.seed != written->seed)
        other = "seed";
    else if (memcmp(origin.identity, written->identity, 16) != 0)
        other = "data set";
    if (other != NULL)
        return dp_fail(err, DP_ESTATE, "%.120s was written from another %s", k->s->file.path,
                       other);
    status = dp_packer_open(&k->packer, k->h, &k->arena, err);
    if (status != DP_OK)
        return status;
    dp_rows_open(&k->rows, from, k->h);
    k->repairs = true;
    return DP_OK;
}

dp_status dp_snapshot_check(dp_snapshot *s, dp_pipeline *from, dp_snapshot_damage *out,
                            dp_error *err)
{
    checking k = {.s = s};
    dp_status status;

    if (s == NULL || out == NULL)
        return dp_fail(err, DP_EINVAL, "dp_snapshot_check: %s is NULL",
                       s == NULL ? "the snapshot" : "out");
    if (s->no_seal.status != DP_OK)
        return dp_fail(err, s->no_seal.status, "%s", s->no_seal.message);
    k.h = &s->file.header;
    k.arena = dp_arena_within(&s->handle.arena);
    status = dp_block_buffers_open(&k.buffers, k.h, &k.arena, err);
    if (status == DP_OK && from != NULL)
        status = open_source(&k, from, err);
    if (status == DP_OK)
        status = check_all(&k, err);
    if (k.repairs)
        dp_rows_close(&k.rows);
    dp_arena_free(&k.arena);
    if (status == DP_OK)
        *out = k.damage;
    return status;
}
