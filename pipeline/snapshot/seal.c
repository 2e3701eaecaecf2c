/* seal.c - a snapshot's seal, made of every byte of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/options.h"
#include "base/status.h"
#include "base/writer.h"
#include "pipeline/snapshot/opened.h"

typedef struct sealing {
    dp_snapshot *s;
    dp_snapshot_file file; /* without the seal that it has */
    const dp_snapshot_header *h;
    dp_arena arena;
    dp_block_buffers buffers;
    dp_hash content;
    dp_blake whole;
    dp_writer out;
} sealing;

static void put(sealing *k, const uint8_t *bytes, size_t n)
{
    dp_blake_add(&k->whole, bytes, n);
    dp_writer_put(&k->out, bytes, n);
}

static dp_status seal_block(sealing *k, uint64_t number, dp_error *err)
{
    const dp_snapshot_file *f = &k->file;
    const dp_block b = dp_block_of(k->h, number);
    uint64_t begin, end;
    const dp_file *file = dp_snapshot_file_of(f, &b, &begin, &end);
    size_t size;
    uint8_t digest[DP_BLAKE];
    const dp_status status = dp_snapshot_examine(f, &b, file, &k->buffers, &size, err);

    if (status != DP_OK)
        return status;
    dp_content_add(&k->content, k->h, &k->buffers.rows, b.n);
    dp_blake_bytes(k->buffers.bytes, size, digest);
    put(k, digest, sizeof digest);
    return DP_OK;
}

static dp_status seal_all(sealing *k, dp_error *err)
{
    uint8_t head[DP_SEAL_HEAD], content[16];
    dp_status status = DP_OK;

    dp_blake_start(&k->whole);
    dp_content_start(&k->content, k->h);
    dp_seal_print(&k->s->file, head);
    put(k, head, sizeof head);
    for (uint64_t i = 0; i < k->h->n_blocks && status == DP_OK; i++) {
        status = seal_block(k, i, err);
        if (status == DP_OK)
            status =
                dp_progress(&k->s->handle.options, "snapshot seal", i + 1, k->h->n_blocks, err);
    }
    dp_hash_final(&k->content, content);
    if (status == DP_OK && memcmp(content, k->s->file.footer.content, sizeof content) != 0)
        status = dp_fail(err, DP_ECORRUPT, "%.120s holds other records than its footer says",
                         k->s->file.path);
    return status;
}

static dp_status write_seal(sealing *k, dp_error *err)
{
    const char *out = dp_seal_path(&k->s->file, &k->arena);
    dp_status status;

    if (out == NULL)
        return dp_arena_fail(&k->arena, err, "a seal");
    status = dp_writer_open(&k->out, out, err);
    if (status != DP_OK)
        return status;
    status = seal_all(k, err);
    if (status == DP_OK)
        return dp_writer_commit(&k->out, err);
    dp_writer_cancel(&k->out);
    return status;
}

dp_status dp_snapshot_seal(dp_snapshot *s, char digest[65], dp_error *err)
{
    sealing k = {.s = s};
    uint8_t bytes[DP_BLAKE];
    dp_status status;

    if (s == NULL || digest == NULL)
        return dp_fail(err, DP_EINVAL, "dp_snapshot_seal: %s is NULL",
                       s == NULL ? "the snapshot" : "digest");
    if (s->file.main.far != NULL)
        return dp_fail(err, DP_EIO, "%.120s is an address: seal the file where it lies",
                       s->file.path);
    if (!s->file.complete)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is not complete: `detpipe snapshot check` says "
                       "more",
                       s->file.path);
    k.file = s->file;
    k.file.seal = NULL;
    k.h = &s->file.header;
    k.arena = dp_arena_within(&s->handle.arena);
    status = dp_block_buffers_open(&k.buffers, k.h, &k.arena, err);
    if (status == DP_OK)
        status = write_seal(&k, err);
    dp_arena_free(&k.arena);
    if (status == DP_OK) {
        dp_blake_end(&k.whole, bytes);
        dp_seal_text(bytes, digest);
    }
    return status;
}
