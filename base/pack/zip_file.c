/* zip_file.c - the members of a ZIP file on disk, where they lie
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/zip_file.h"

#include <string.h>
#include <zlib.h>

#include "base/options.h"
#include "base/pack/crc32.h"
#include "base/pack/zip_format.h"
#include "base/sniff.h"
#include "base/status.h"

#define MOST_DIRECTORY ((uint64_t)1 << 26) /* bytes */
#define PIECE          65536

static dp_status of_member(const dp_zip_file *z, const dp_zip_member *m, const char *what,
                           dp_error *err)
{
    return dp_fail(err, DP_ECORRUPT, "%.100s: %.*s %s", z->path,
                   m->name_length > 60 ? 60 : (int)m->name_length, m->name, what);
}

static dp_status read_at(const dp_zip_file *z, uint64_t at, void *out, size_t n, dp_error *err)
{
    size_t got;
    const int error = dp_file_read_at(z->file, at, out, n, &got);

    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", z->path,
                       dp_file_why(z->file, error));
    return got == n ? DP_OK : dp_fail(err, DP_ECORRUPT, "%.120s: it is cut", z->path);
}

/* ---- the directory ---- */

static dp_status find_end(const dp_zip_file *z, dp_zip_end *end, dp_error *err)
{
    const uint64_t size = z->file->size;
    const size_t n = size < DP_ZIP_MOST_END ? (size_t)size : DP_ZIP_MOST_END;
    uint8_t last[DP_ZIP_MOST_END];
    dp_status status = read_at(z, size - n, last, n, err);
    const char *why = status == DP_OK ? dp_zip_find_end(last, n, size, end) : NULL;

    if (why != NULL)
        return dp_fail(err, DP_ECORRUPT, "%.90s: %s%s", z->path, why, dp_sniff_file(z->file).text);
    if (status == DP_OK && end->size > MOST_DIRECTORY)
        return dp_fail(err, DP_ELIMIT, "%.120s: its directory has more than %llu bytes", z->path,
                       (unsigned long long)MOST_DIRECTORY);
    return status;
}

/* From its own head, where m->offset is, to its bytes; they end before the directory. */
static dp_status find_bytes(const dp_zip_file *z, uint64_t end, dp_zip_member *m, dp_error *err)
{
    uint8_t local[DP_ZIP_LOCAL_SIZE];
    dp_status status;

    if (m->offset > end || end - m->offset < sizeof local)
        return of_member(z, m, "is out of place", err);
    status = read_at(z, m->offset, local, sizeof local, err);
    if (status != DP_OK)
        return status;
    m->offset += sizeof local + dp_zip_u16(local + 26) + dp_zip_u16(local + 28);
    if (dp_zip_u32(local) != DP_ZIP_LOCAL_MAGIC || m->offset > end || m->packed > end - m->offset)
        return of_member(z, m, "is out of place", err);
    return DP_OK;
}

static dp_status take_members(dp_zip_file *z, const uint8_t *rows, const dp_zip_end *end,
                              dp_error *err)
{
    uint64_t at = 0;

    for (z->n = 0; z->n < end->count; z->n++) {
        dp_zip_member *m = &z->members[z->n];
        const size_t size = dp_zip_row(rows + at, end->size - at, m);
        const char *why = size > 0 ? dp_zip_check(m) : NULL;
        const dp_status status =
            size > 0 && why == NULL ? find_bytes(z, end->start, m, err) : DP_OK;
        if (size == 0)
            return dp_fail(err, DP_ECORRUPT, "%.120s: its directory is damaged", z->path);
        if (why != NULL)
            return of_member(z, m, why, err);
        if (status != DP_OK)
            return status;
        at += size;
    }
    return at == end->size ? DP_OK
                           : dp_fail(err, DP_ECORRUPT, "%.120s: its directory is damaged", z->path);
}

dp_status dp_zip_file_open(dp_zip_file *z, const dp_file *file, const char *path, dp_arena *arena,
                           dp_error *err)
{
    dp_zip_end end;
    uint8_t *rows;
    dp_status status;

    *z = (dp_zip_file){.file = file, .path = path};
    status = find_end(z, &end, err);
    if (status != DP_OK)
        return status;
    if (end.count > end.size / DP_ZIP_MEMBER_SIZE)
        return dp_fail(err, DP_ECORRUPT, "%.120s: its directory is damaged", path);
    rows = dp_arena_alloc(arena, (size_t)end.size + 1, 1);
    z->members = dp_arena_alloc(arena, (size_t)end.count + 1, sizeof *z->members);
    if (rows == NULL || z->members == NULL)
        return dp_arena_fail(arena, err, "a directory");
    status = read_at(z, end.start, rows, (size_t)end.size, err);
    return status == DP_OK ? take_members(z, rows, &end, err) : status;
}

/* ---- its bytes ---- */

/* A member on its way out: pieces of the file go in, bytes of the member come out. */
typedef struct reading {
    z_stream stream; /* of a deflated one */
    uint8_t *out;    /* where the next bytes go; NULL = nowhere */
    uint64_t left;   /* of them */
    uint32_t crc;
    bool ended;
} reading;

static bool take_stored(reading *r, const uint8_t *piece, size_t n)
{
    if (r->out != NULL)
        memcpy(r->out, piece, n);
    r->out = r->out != NULL ? r->out + n : NULL;
    r->left -= n;
    r->crc = dp_crc32(r->crc, piece, n);
    return true;
}

/* zlib counts what it makes in 32 bits. */
static bool take_deflated(reading *r, uint8_t *piece, size_t n)
{
    z_stream *s = &r->stream;

    s->next_in = piece;
    s->avail_in = (uInt)n;
    while (s->avail_in > 0 && !r->ended) {
        const uInt room = r->left < PIECE ? (uInt)r->left : PIECE;
        int end;
        s->next_out = r->out;
        s->avail_out = room;
        end = inflate(s, Z_NO_FLUSH);
        if (end != Z_OK && end != Z_STREAM_END)
            return false;
        r->crc = dp_crc32(r->crc, r->out, room - s->avail_out);
        r->out += room - s->avail_out;
        r->left -= room - s->avail_out;
        r->ended = end == Z_STREAM_END;
    }
    return s->avail_in == 0;
}

static dp_status read_pieces(const dp_zip_file *z, const dp_zip_member *m,
                             const dp_options *options, reading *r, dp_error *err)
{
    uint8_t piece[PIECE];
    dp_status status = DP_OK;

    for (uint64_t at = 0; at < m->packed && status == DP_OK;) {
        const size_t n = m->packed - at < PIECE ? (size_t)(m->packed - at) : PIECE;
        status = read_at(z, m->offset + at, piece, n, err);
        if (status == DP_OK && !((m->method == DP_ZIP_DEFLATED) ? take_deflated(r, piece, n)
                                                                : take_stored(r, piece, n)))
            return of_member(z, m, "cannot be unpacked: it is damaged", err);
        at += n;
        if (status == DP_OK)
            status = dp_progress(options, "file", at, m->packed, err);
    }
    if (status != DP_OK)
        return status;
    if (r->left > 0 || r->ended != (m->method == DP_ZIP_DEFLATED))
        return of_member(z, m, "cannot be unpacked: it is damaged", err);
    return r->crc == m->crc ? DP_OK : of_member(z, m, "is damaged: another CRC", err);
}

dp_status dp_zip_file_read(const dp_zip_file *z, const dp_zip_member *m, const dp_options *options,
                           uint8_t *out, dp_error *err)
{
    reading r = {.out = out, .left = m->size};
    dp_status status;

    if (m->method != DP_ZIP_DEFLATED)
        return read_pieces(z, m, options, &r, err);
    if (inflateInit2(&r.stream, -MAX_WBITS) != Z_OK)
        return dp_fail(err, DP_ENOMEM, "out of memory for %.60s", z->path);
    status = read_pieces(z, m, options, &r, err);
    inflateEnd(&r.stream);
    return status;
}
