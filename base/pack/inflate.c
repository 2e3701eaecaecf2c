/* inflate.c - gzip files in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/inflate.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/options.h"
#include "base/status.h"

#define PIECE (1 << 16) /* bytes of the file at a time */
#define TOLD  (1 << 20) /* bytes of it between two calls of options->progress */

/* Memory that grows: at first what the file says it needs, if that can be true, then twice as much
 * each time. */
typedef struct growing {
    dp_arena *arena;
    uint8_t *bytes;
    size_t used, room;
    uint64_t most, hint;
    const char *path;
    const dp_options *options;
    dp_error *err;
} growing;

#define MOST_RATIO 1032 /* of deflate: what is unpacked over what is packed */

/* The last four bytes of a gzip file: its unpacked size modulo 2^32. */
static uint64_t size_hint(const dp_file *file)
{
    uint8_t tail[4];
    uint64_t hint;
    size_t got;

    if (file->size < 8 || dp_file_read_at(file, file->size - 4, tail, 4, &got) != 0 || got != 4)
        return PIECE;
    hint = dp_load_le(tail, 4) + 1; /* one more shows that the end is reached */
    return hint < PIECE || hint > file->size * MOST_RATIO ? PIECE : hint;
}

static dp_status grow(growing *g)
{
    const uint64_t doubled = g->room == 0 ? g->hint : 2 * (uint64_t)g->room;
    const uint64_t room = doubled > g->most ? g->most : doubled;
    uint8_t *more;

    if (room <= g->room)
        return dp_fail(g->err, DP_ECORRUPT, "%.120s holds more than %llu bytes", g->path,
                       (unsigned long long)g->most);
    more = dp_arena_alloc(g->arena, (size_t)room, 1);
    if (more == NULL)
        return dp_arena_fail(g->arena, g->err, g->path);
    if (g->used > 0)
        memcpy(more, g->bytes, g->used);
    g->bytes = more;
    g->room = (size_t)room;
    return DP_OK;
}

/* What zlib has taken in, unpacked; *over when the stream is at its end. */
static dp_status unpack(z_stream *z, growing *g, bool *over)
{
    while (z->avail_in > 0 && !*over) {
        int result;
        if (g->used == g->room) {
            const dp_status status = grow(g);
            if (status != DP_OK)
                return status;
        }
        z->next_out = g->bytes + g->used;
        z->avail_out = g->room - g->used > PIECE * 64 ? PIECE * 64 : (uInt)(g->room - g->used);
        result = inflate(z, Z_NO_FLUSH);
        g->used = (size_t)(z->next_out - g->bytes);
        if (result == Z_STREAM_END)
            *over = true;
        else if (result == Z_MEM_ERROR)
            return dp_arena_fail(g->arena, g->err, g->path);
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return dp_fail(g->err, DP_ECORRUPT, "%.120s is not a whole gzip file: %.60s", g->path,
                           z->msg != NULL ? z->msg : "damaged");
    }
    return DP_OK;
}

static dp_status read_piece(const dp_file *file, const char *path, uint64_t at, uint8_t *piece,
                            size_t *got, dp_error *err)
{
    const int error = dp_file_read_at(file, at, piece, PIECE, got);

    return error == 0
               ? DP_OK
               : dp_fail(err, DP_EIO, "%.120s cannot be read: %s", path, dp_file_why(file, error));
}

/* Every byte of the file through zlib; gzip files may follow one another. */
static dp_status unpack_file(const dp_file *file, z_stream *z, growing *g)
{
    uint8_t piece[PIECE];
    bool over = false;
    dp_status status = DP_OK;

    for (uint64_t at = 0; status == DP_OK;) {
        size_t got;
        status = read_piece(file, g->path, at, piece, &got, g->err);
        if (status != DP_OK || got == 0)
            break;
        at += got;
        z->next_in = piece;
        z->avail_in = (uInt)got;
        while (status == DP_OK && z->avail_in > 0) {
            if (over && inflateReset(z) != Z_OK)
                return dp_arena_fail(g->arena, g->err, g->path);
            over = false;
            status = unpack(z, g, &over);
        }
        if (status == DP_OK && (at % TOLD == 0 || at == file->size))
            status = dp_progress(g->options, "file", at, file->size, g->err);
    }
    if (status == DP_OK && !over)
        status =
            dp_fail(g->err, DP_ECORRUPT, "%.120s is truncated: the gzip data end early", g->path);
    return status;
}

static dp_status copy_file(const dp_file *file, growing *g)
{
    if (file->size > g->most)
        return dp_fail(g->err, DP_ECORRUPT, "%.120s has more than %llu bytes", g->path,
                       (unsigned long long)g->most);
    g->used = (size_t)file->size;
    return dp_file_read_whole(file, g->path, g->arena, g->options, &g->bytes, g->err);
}

/* zlib asks for memory that is counted like everything else. */
static voidpf take(voidpf arena, uInt n, uInt size) { return dp_arena_alloc(arena, n, size); }
static void give(voidpf arena, voidpf p) { (void)arena, (void)p; }

dp_status dp_blob_read(const dp_file *file, const char *path, uint64_t most, dp_arena *arena,
                       const dp_options *options, dp_blob *out, dp_error *err)
{
    growing g = {.arena = arena, .most = most, .path = path, .options = options, .err = err};
    z_stream z = {.zalloc = take, .zfree = give, .opaque = arena};
    uint8_t magic[2] = {0, 0};
    size_t got;
    dp_status status;

    if (dp_file_read_at(file, 0, magic, 2, &got) == 0 && got == 2 && magic[0] == 0x1F &&
        magic[1] == 0x8B) {
        g.hint = size_hint(file);
        status = inflateInit2(&z, 16 + MAX_WBITS) == Z_OK ? unpack_file(file, &z, &g)
                                                          : dp_arena_fail(arena, err, path);
        inflateEnd(&z);
    } else {
        status = copy_file(file, &g);
    }
    *out = (dp_blob){g.bytes, g.used, file->stamp};
    return status;
}
