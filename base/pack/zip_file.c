/* zip_file.c - the members of a ZIP file on disk, where they lie
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * PKWARE's APPNOTE.TXT as far as numpy, PyTorch and zip itself use it: stored and deflated members,
 * ZIP64, no encryption, one disk, no comment.
 */
#include "base/pack/zip_file.h"

#include <string.h>
#include <zlib.h>

#include "base/options.h"
#include "base/pack/zip_format.h"
#include "base/sniff.h"
#include "base/status.h"

#define MOST_DIRECTORY ((uint64_t)1 << 26) /* bytes */
#define MOST_RATIO     1032                /* of deflate */
#define PIECE          65536

#define END64_MAGIC     0x06064b50u
#define LOCATOR64_MAGIC 0x07064b50u
#define END64_SIZE      56
#define LOCATOR64_SIZE  20
#define EXTRA64         1 /* the kind of an extra field */
#define STORED          0
#define DEFLATED        8

/* Where the directory is, and how many rows it has. */
typedef struct directory {
    uint64_t at, size, n;
} directory;

static dp_status damaged(const dp_zip_file *z, const char *what, dp_error *err)
{
    return dp_fail(err, DP_ECORRUPT, "%.120s: %s", z->path, what);
}

static dp_status of_member(const dp_zip_file *z, const dp_zip_entry *m, const char *what,
                           dp_error *err)
{
    return dp_fail(err, DP_ECORRUPT, "%.100s: %.60s %s", z->path, m->name, what);
}

static dp_status read_at(const dp_zip_file *z, uint64_t at, void *out, size_t n, dp_error *err)
{
    size_t got;
    const int error = dp_file_read_at(z->file, at, out, n, &got);

    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", z->path, strerror(error));
    return got == n ? DP_OK : damaged(z, "it is cut", err);
}

/* ---- the end ---- */

/* What a ZIP64 file has before the end that all have: a locator, and the true numbers. */
static dp_status find_directory64(const dp_zip_file *z, directory *d, dp_error *err)
{
    const uint64_t before = z->file->size - DP_ZIP_END_SIZE;
    uint8_t locator[LOCATOR64_SIZE], end[END64_SIZE];
    uint64_t at;
    dp_status status;

    if (before < sizeof locator + sizeof end)
        return damaged(z, "its directory is damaged", err);
    status = read_at(z, before - sizeof locator, locator, sizeof locator, err);
    if (status != DP_OK)
        return status;
    at = dp_load_le(locator + 8, 8);
    if (dp_zip_u32(locator) != LOCATOR64_MAGIC || at > before - sizeof locator - sizeof end)
        return damaged(z, "its directory is damaged", err);
    status = read_at(z, at, end, sizeof end, err);
    if (status == DP_OK && dp_zip_u32(end) != END64_MAGIC)
        return damaged(z, "its directory is damaged", err);
    *d = (directory){dp_load_le(end + 48, 8), dp_load_le(end + 40, 8), dp_load_le(end + 32, 8)};
    return status;
}

static dp_status find_directory(const dp_zip_file *z, directory *d, dp_error *err)
{
    uint8_t end[DP_ZIP_END_SIZE];
    dp_status status;

    if (z->file->size < sizeof end)
        return dp_fail(err, DP_ECORRUPT, "%.120s is not a ZIP file%s", z->path,
                       dp_sniff_file(z->file).text);
    status = read_at(z, z->file->size - sizeof end, end, sizeof end, err);
    if (status != DP_OK)
        return status;
    if (dp_zip_u32(end) != DP_ZIP_END_MAGIC || dp_zip_u16(end + 20) != 0)
        return dp_fail(err, DP_ECORRUPT,
                       "%.100s does not end as a ZIP file: it is cut, or something else%s", z->path,
                       dp_sniff_file(z->file).text);
    *d = (directory){dp_zip_u32(end + 16), dp_zip_u32(end + 12), dp_zip_u16(end + 10)};
    if (d->at == UINT32_MAX || d->size == UINT32_MAX || d->n == UINT16_MAX)
        status = find_directory64(z, d, err);
    if (status == DP_OK && (d->at > z->file->size || d->size > z->file->size - d->at ||
                            d->n > d->size / DP_ZIP_MEMBER_SIZE))
        return damaged(z, "its directory is damaged", err);
    if (status == DP_OK && d->size > MOST_DIRECTORY)
        return dp_fail(err, DP_ELIMIT, "%.120s: its directory has more than %llu bytes", z->path,
                       (unsigned long long)MOST_DIRECTORY);
    return status;
}

/* ---- a member ---- */

/* The numbers that have no room in 32 bits stand in an extra field, in this order. */
static bool take_extra64(const uint8_t *extra, size_t n, dp_zip_entry *m)
{
    uint64_t *const wanted[] = {&m->size, &m->packed, &m->at};
    size_t at = 4;

    while (n >= 4 && dp_zip_u16(extra) != EXTRA64) {
        const size_t size = 4 + (size_t)dp_zip_u16(extra + 2);
        if (size > n)
            return false;
        extra += size;
        n -= size;
    }
    for (size_t i = 0; i < 3; i++) {
        if (*wanted[i] != UINT32_MAX)
            continue;
        if (n < 4 || at + 8 > 4 + (size_t)dp_zip_u16(extra + 2) || at + 8 > n)
            return false;
        *wanted[i] = dp_load_le(extra + at, 8);
        at += 8;
    }
    return true;
}

/* A row of the directory, `left` bytes before its end; 0, or the bytes of the row. */
static size_t take_row(const uint8_t *row, size_t left, dp_arena *arena, dp_zip_entry *m)
{
    size_t name, extra, size;

    if (left < DP_ZIP_MEMBER_SIZE || dp_zip_u32(row) != DP_ZIP_MEMBER_MAGIC)
        return 0;
    name = dp_zip_u16(row + 28);
    extra = dp_zip_u16(row + 30);
    size = DP_ZIP_MEMBER_SIZE + name + extra + dp_zip_u16(row + 32);
    if (size > left)
        return 0;
    *m = (dp_zip_entry){.name = dp_arena_text(arena, (const char *)row + DP_ZIP_MEMBER_SIZE, name),
                        .crc = dp_zip_u32(row + 16),
                        .packed = dp_zip_u32(row + 20),
                        .size = dp_zip_u32(row + 24),
                        .at = dp_zip_u32(row + 42),
                        .deflated = dp_zip_u16(row + 10) == DEFLATED};
    return take_extra64(row + DP_ZIP_MEMBER_SIZE + name, extra, m) ? size : 0;
}

static dp_status check_packing(const dp_zip_file *z, const dp_zip_entry *m, const uint8_t *row,
                               dp_error *err)
{
    const uint32_t method = dp_zip_u16(row + 10);

    if ((dp_zip_u16(row + 8) & 1) != 0)
        return of_member(z, m, "is encrypted", err);
    if (method != STORED && method != DEFLATED)
        return of_member(z, m, "is neither stored nor deflated", err);
    if (method == STORED ? m->packed != m->size : m->size / MOST_RATIO > m->packed)
        return of_member(z, m, "has a size that cannot be", err);
    return DP_OK;
}

/* From its own head, which m->at is the place of, to its bytes; they end before the directory. */
static dp_status find_bytes(const dp_zip_file *z, uint64_t end, dp_zip_entry *m, dp_error *err)
{
    uint8_t local[DP_ZIP_LOCAL_SIZE];
    dp_status status;

    if (m->at > end || end - m->at < sizeof local)
        return of_member(z, m, "is out of place", err);
    status = read_at(z, m->at, local, sizeof local, err);
    if (status != DP_OK)
        return status;
    m->at += sizeof local + dp_zip_u16(local + 26) + dp_zip_u16(local + 28);
    if (dp_zip_u32(local) != DP_ZIP_LOCAL_MAGIC || m->at > end || m->packed > end - m->at)
        return of_member(z, m, "is out of place", err);
    return DP_OK;
}

static dp_status take_members(dp_zip_file *z, const uint8_t *rows, const directory *d,
                              dp_arena *arena, dp_error *err)
{
    size_t at = 0;

    for (z->n = 0; z->n < d->n; z->n++) {
        dp_zip_entry *m = &z->members[z->n];
        const size_t size = take_row(rows + at, (size_t)d->size - at, arena, m);
        dp_status status;
        if (size == 0)
            return damaged(z, "its directory is damaged", err);
        if (m->name == NULL)
            return dp_arena_fail(arena, err, "a directory");
        status = check_packing(z, m, rows + at, err);
        if (status == DP_OK)
            status = find_bytes(z, d->at, m, err);
        if (status != DP_OK)
            return status;
        at += size;
    }
    return at == d->size ? DP_OK : damaged(z, "its directory is damaged", err);
}

dp_status dp_zip_file_open(dp_zip_file *z, const dp_file *file, const char *path, dp_arena *arena,
                           dp_error *err)
{
    dp_arena while_read = dp_arena_within(arena);
    directory d = {0};
    uint8_t *rows;
    dp_status status;

    *z = (dp_zip_file){.file = file, .path = path};
    status = find_directory(z, &d, err);
    if (status != DP_OK)
        return status;
    rows = dp_arena_alloc(&while_read, (size_t)d.size + 1, 1);
    z->members = dp_arena_alloc(arena, (size_t)d.n + 1, sizeof *z->members);
    if (rows == NULL || z->members == NULL)
        status = dp_arena_fail(rows == NULL ? &while_read : arena, err, "a directory");
    if (status == DP_OK)
        status = read_at(z, d.at, rows, (size_t)d.size, err);
    if (status == DP_OK)
        status = take_members(z, rows, &d, arena, err);
    dp_arena_free(&while_read);
    return status;
}

/* ---- its bytes ---- */

/* A member on its way out: pieces of the file go in, bytes of the member come out. */
typedef struct reading {
    z_stream stream; /* of a deflated one */
    uint8_t *out;    /* where the next bytes go; NULL = nowhere */
    uint64_t left;   /* of them */
    uLong crc;
    bool ended;
} reading;

static bool take_stored(reading *r, const uint8_t *piece, size_t n)
{
    if (r->out != NULL)
        memcpy(r->out, piece, n);
    r->out = r->out != NULL ? r->out + n : NULL;
    r->left -= n;
    r->crc = crc32_z(r->crc, piece, n);
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
        r->crc = crc32_z(r->crc, r->out, room - s->avail_out);
        r->out += room - s->avail_out;
        r->left -= room - s->avail_out;
        r->ended = end == Z_STREAM_END;
    }
    return s->avail_in == 0;
}

static dp_status read_pieces(const dp_zip_file *z, const dp_zip_entry *m, const dp_options *options,
                             reading *r, dp_error *err)
{
    uint8_t piece[PIECE];
    dp_status status = DP_OK;

    for (uint64_t at = 0; at < m->packed && status == DP_OK;) {
        const size_t n = m->packed - at < PIECE ? (size_t)(m->packed - at) : PIECE;
        status = read_at(z, m->at + at, piece, n, err);
        if (status == DP_OK &&
            !(m->deflated ? take_deflated(r, piece, n) : take_stored(r, piece, n)))
            return of_member(z, m, "cannot be unpacked: it is damaged", err);
        at += n;
        if (status == DP_OK)
            status = dp_progress(options, "file", at, m->packed, err);
    }
    if (status != DP_OK)
        return status;
    if (r->left > 0 || r->ended != m->deflated)
        return of_member(z, m, "cannot be unpacked: it is damaged", err);
    return r->crc == m->crc ? DP_OK : of_member(z, m, "is damaged: another CRC", err);
}

dp_status dp_zip_file_read(const dp_zip_file *z, const dp_zip_entry *m, const dp_options *options,
                           uint8_t *out, dp_error *err)
{
    reading r = {.out = out, .left = m->size};
    dp_status status;

    if (!m->deflated)
        return read_pieces(z, m, options, &r, err);
    if (inflateInit2(&r.stream, -MAX_WBITS) != Z_OK)
        return dp_fail(err, DP_ENOMEM, "out of memory for %.60s", m->name);
    status = read_pieces(z, m, options, &r, err);
    inflateEnd(&r.stream);
    return status;
}
