/* zip.c - the members of a ZIP file: where .npz and .pt keep what they hold
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/zip.h"

#include <string.h>

#include <zlib.h>

#include "base/pack/crc32.h"
#include "base/pack/zip_format.h"
#include "base/status.h"

#define ENCRYPTED 1    /* in the flags */
#define MAX_RATIO 1032 /* of deflate */

bool dp_zip_is(const uint8_t *bytes, size_t n)
{
    return n >= DP_ZIP_END_SIZE &&
           (dp_zip_u32(bytes) == DP_ZIP_LOCAL_MAGIC || dp_zip_u32(bytes) == DP_ZIP_END_MAGIC);
}

/* ---- the end of the file ---- */

/* A number of the end, which is all ones where the ZIP64 end has it. */
static bool agrees(uint64_t narrow, uint64_t ones, uint64_t wide)
{
    return narrow == ones || narrow == wide;
}

/* The ZIP64 end, if the file has one: a record and, right behind it, its locator; `last` are the n
 * bytes before t->end, which moves to where the record begins.  False: they are damaged. */
static bool take_wide_end(const uint8_t *last, size_t n, dp_zip_end *t)
{
    const dp_zip_end narrow = *t;
    const uint8_t *record, *locator;

    if (n < DP_ZIP64_LOCATOR_SIZE + DP_ZIP64_END_SIZE)
        return true;
    locator = last + n - DP_ZIP64_LOCATOR_SIZE;
    record = locator - DP_ZIP64_END_SIZE;
    if (dp_zip_u32(locator) != DP_ZIP64_LOCATOR_MAGIC)
        return true;
    t->end -= DP_ZIP64_LOCATOR_SIZE + DP_ZIP64_END_SIZE;
    if (dp_zip_u32(locator + 4) != 0 || dp_load_le(locator + 8, 8) != t->end ||
        dp_zip_u32(record) != DP_ZIP64_END_MAGIC || dp_load_le(record + 16, 8) != 0 ||
        dp_load_le(record + 4, 8) != DP_ZIP64_END_SIZE - 12)
        return false;
    t->here = dp_load_le(record + 24, 8);
    t->count = dp_load_le(record + 32, 8);
    t->size = dp_load_le(record + 40, 8);
    t->start = dp_load_le(record + 48, 8);
    return agrees(narrow.count, UINT16_MAX, t->count) && agrees(narrow.size, UINT32_MAX, t->size) &&
           agrees(narrow.start, UINT32_MAX, t->start);
}

const char *dp_zip_find_end(const uint8_t *last, size_t n, uint64_t size, dp_zip_end *t)
{
    const size_t before = n < DP_ZIP_END_SIZE ? 0 : n - DP_ZIP_END_SIZE;
    const uint8_t *end = last + before;

    if (n < DP_ZIP_END_SIZE || dp_zip_u32(end) != DP_ZIP_END_MAGIC || dp_zip_u16(end + 20) != 0)
        return "a ZIP file that does not end as one: cut, or with a comment";
    *t = (dp_zip_end){dp_zip_u16(end + 8), dp_zip_u16(end + 10), dp_zip_u32(end + 12),
                      dp_zip_u32(end + 16), size - DP_ZIP_END_SIZE};
    if (dp_zip_u32(end + 4) != 0 || !take_wide_end(last, before, t) || t->here != t->count ||
        t->start > t->end || t->size != t->end - t->start)
        return "its directory is damaged";
    return NULL;
}

const char *dp_zip_open(const uint8_t *bytes, size_t n, dp_zip *out)
{
    const size_t last = n < DP_ZIP_MOST_END ? n : DP_ZIP_MOST_END;
    dp_zip_end t;
    const char *why = dp_zip_find_end(bytes + n - last, last, n, &t);

    if (why == NULL)
        *out = (dp_zip){bytes, t.count, 0, (size_t)t.start, (size_t)t.start, (size_t)t.end};
    return why;
}

/* ---- a row of the directory ---- */

/* The number that stands in a row as all ones: the next one of the ZIP64 extra. */
static bool take_wide(const uint8_t **at, const uint8_t *end, uint64_t *number)
{
    if (*number != UINT32_MAX)
        return true;
    if (end - *at < 8)
        return false;
    *number = dp_load_le(*at, 8);
    *at += 8;
    return true;
}

/* Takes what is too large for the row from its extras; false when it is not there. */
static bool take_extras(const uint8_t *at, const uint8_t *end, dp_zip_member *m)
{
    const uint8_t *own = end, *own_end = end; /* nothing */

    while (end - at >= 4) {
        const uint32_t size = dp_zip_u16(at + 2);
        if (size > end - at - 4)
            return false;
        if (dp_zip_u16(at) == DP_ZIP64_EXTRA && own == end) {
            own = at + 4;
            own_end = own + size;
        }
        at += 4 + size;
    }
    return at == end && take_wide(&own, own_end, &m->size) &&
           take_wide(&own, own_end, &m->packed) && take_wide(&own, own_end, &m->offset);
}

/* Where the member's bytes are; they end before the directory. */
static bool find_data(const dp_zip *zip, dp_zip_member *m)
{
    const uint8_t *local;
    uint64_t start;

    if (m->offset > zip->directory || zip->directory - m->offset < DP_ZIP_LOCAL_SIZE)
        return false;
    local = zip->bytes + m->offset;
    if (dp_zip_u32(local) != DP_ZIP_LOCAL_MAGIC)
        return false;
    start = m->offset + DP_ZIP_LOCAL_SIZE + dp_zip_u16(local + 26) + dp_zip_u16(local + 28);
    if (start > zip->directory || m->packed > zip->directory - start ||
        dp_zip_u16(local + 26) != m->name_length ||
        memcmp(local + DP_ZIP_LOCAL_SIZE, m->name, m->name_length) != 0)
        return false;
    m->data = zip->bytes + start;
    return true;
}

size_t dp_zip_row(const uint8_t *row, uint64_t left, dp_zip_member *m)
{
    const uint8_t *extras;
    uint64_t size;

    if (left < DP_ZIP_MEMBER_SIZE || dp_zip_u32(row) != DP_ZIP_MEMBER_MAGIC)
        return 0;
    size = (uint64_t)DP_ZIP_MEMBER_SIZE + dp_zip_u16(row + 28) + dp_zip_u16(row + 30) +
           dp_zip_u16(row + 32);
    if (size > left)
        return 0;
    *m = (dp_zip_member){.name = (const char *)row + DP_ZIP_MEMBER_SIZE,
                         .name_length = dp_zip_u16(row + 28),
                         .flags = dp_zip_u16(row + 8),
                         .method = dp_zip_u16(row + 10),
                         .crc = dp_zip_u32(row + 16),
                         .packed = dp_zip_u32(row + 20),
                         .size = dp_zip_u32(row + 24),
                         .offset = dp_zip_u32(row + 42)};
    extras = row + DP_ZIP_MEMBER_SIZE + m->name_length;
    return take_extras(extras, extras + dp_zip_u16(row + 30), m) ? (size_t)size : 0;
}

bool dp_zip_next(dp_zip *zip, dp_zip_member *m)
{
    const size_t size = dp_zip_row(zip->bytes + zip->at, zip->end - zip->at, m);

    m->number = ++zip->done;
    zip->at += size;
    return size > 0 && find_data(zip, m);
}

bool dp_zip_at_end(const dp_zip *zip) { return zip->at == zip->end; }

/* ---- its bytes ---- */

/* Unpacks into `out`; false when the bytes are not what the member says. */
static bool inflate_member(const dp_zip_member *m, uint8_t *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)m->data,
                  .avail_in = (uInt)m->packed,
                  .next_out = out,
                  .avail_out = (uInt)m->size};
    int end;

    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return false;
    end = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return end == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0;
}

const char *dp_zip_check(const dp_zip_member *m)
{
    if ((m->flags & ENCRYPTED) != 0)
        return "is encrypted";
    if (m->method == DP_ZIP_STORED && m->packed == m->size)
        return NULL;
    if (m->method != DP_ZIP_DEFLATED || m->size / MAX_RATIO > m->packed)
        return "is neither stored nor deflated";
    return m->size > UINT32_MAX || m->packed > UINT32_MAX ? "is deflated and has more than 4 GiB"
                                                          : NULL;
}

dp_status dp_zip_unpack(dp_zip_member *m, dp_arena *arena, const char **why, dp_error *err)
{
    uint8_t *out;

    *why = dp_zip_check(m);
    if (*why != NULL)
        return DP_ECORRUPT;
    if (m->method == DP_ZIP_DEFLATED) {
        out = dp_arena_alloc(arena, (size_t)m->size + 1, 1);
        if (out == NULL)
            return dp_arena_fail(arena, err, "a member of a ZIP file");
        if (!inflate_member(m, out)) {
            *why = "cannot be unpacked: it is damaged";
            return DP_ECORRUPT;
        }
        m->data = out;
    }
    if (m->unsummed || dp_crc32(0, m->data, (size_t)m->size) == m->crc)
        return DP_OK;
    *why = "is damaged: another CRC";
    return DP_ECORRUPT;
}
