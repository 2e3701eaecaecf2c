/* seal.c - FILE.seal: what every block of a snapshot has to be, by a digest that nobody can forge
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/snapshot/seal.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/sniff.h"

/* Places. */
enum { VERSION = 8, KEY = 16, BLOCKS = 24, ENDS = 32 };

uint64_t dp_seal_size(const dp_snapshot_header *h) { return DP_SEAL_HEAD + DP_BLAKE * h->n_blocks; }

void dp_seal_print(const dp_snapshot_file *f, uint8_t head[DP_SEAL_HEAD])
{
    dp_blake ends;

    memset(head, 0, DP_SEAL_HEAD);
    memcpy(head, DP_SEAL_MAGIC, 8);
    dp_store_le(head + VERSION, 4, 1);
    dp_store_le(head + KEY, 8, f->header.key);
    dp_store_le(head + BLOCKS, 8, f->header.n_blocks);
    dp_blake_start(&ends);
    dp_blake_add(&ends, f->head, f->header.size);
    dp_blake_add(&ends, f->tail, sizeof f->tail);
    dp_blake_end(&ends, head + ENDS);
}

static dp_status read_seal(const dp_snapshot_file *f, const dp_file *file, const char *path,
                           uint8_t *seal, dp_error *err)
{
    const size_t size = (size_t)dp_seal_size(&f->header);
    uint8_t head[DP_SEAL_HEAD];
    size_t got;
    const int error = dp_file_read_at(file, 0, seal, size, &got);

    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", path, dp_file_why(file, error));
    dp_seal_print(f, head);
    if (got == size && memcmp(head, seal, sizeof head) == 0)
        return DP_OK;
    return dp_fail(err, DP_ECORRUPT, "%.120s is not the seal of this snapshot%s", path,
                   memcmp(seal, DP_SEAL_MAGIC, 8) == 0 ? "" : dp_sniff_bytes(seal, got).text);
}

const uint8_t *dp_seal_digest(const dp_snapshot_file *f, const dp_block *b)
{
    return f->seal != NULL ? f->seal + DP_SEAL_HEAD + DP_BLAKE * b->number : NULL;
}

bool dp_seal_has(const dp_snapshot_file *f, const dp_block *b, const uint8_t digest[DP_BLAKE])
{
    const uint8_t *wanted = dp_seal_digest(f, b);

    return wanted == NULL || memcmp(digest, wanted, DP_BLAKE) == 0;
}

bool dp_seal_holds(const dp_snapshot_file *f, const dp_block *b, const uint8_t *bytes, size_t size)
{
    uint8_t digest[DP_BLAKE];

    if (f->seal == NULL)
        return true;
    dp_blake_bytes(bytes, size, digest);
    return dp_seal_has(f, b, digest);
}

const char *dp_seal_path(const dp_snapshot_file *f, dp_arena *arena)
{
    const size_t size = strlen(f->path) + sizeof ".seal";
    char *path = dp_arena_alloc(arena, size, 1);

    if (path != NULL)
        snprintf(path, size, "%s.seal", f->path);
    return path;
}

dp_status dp_seal_load(const dp_snapshot_file *f, dp_opener *opener, uint8_t **out,
                       uint8_t digest[DP_BLAKE], dp_error *err)
{
    const uint64_t size = dp_seal_size(&f->header);
    const char *path = dp_seal_path(f, opener->arena);
    dp_file file;
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(opener->arena, err, "a seal");
    status = dp_opener_open(opener, path, &file, err);
    if (status != DP_OK)
        return status;
    *out = size == file.size ? dp_arena_alloc_raw(opener->arena, (size_t)size, 1) : NULL;
    if (size != file.size)
        status =
            dp_fail(err, DP_ECORRUPT, "%.120s is not the seal of this snapshot: its length", path);
    else if (*out == NULL)
        status = dp_arena_fail(opener->arena, err, "a seal");
    else
        status = read_seal(f, &file, path, *out, err);
    dp_file_close(&file);
    if (status == DP_OK)
        dp_blake_bytes(*out, (size_t)size, digest);
    return status;
}

void dp_seal_text(const uint8_t digest[DP_BLAKE], char out[2 * DP_BLAKE + 1])
{
    dp_hex_text(digest, DP_BLAKE, out);
}

bool dp_seal_parse(const char *text, uint8_t digest[DP_BLAKE])
{
    return strlen(text) == 2 * DP_BLAKE && dp_hex_parse(text, digest, DP_BLAKE);
}
