/* npz.c - numpy's archives: a ZIP file of .npy arrays
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * PKWARE's APPNOTE.TXT and numpy.lib.format, as far as numpy.savez and savez_compressed use them:
 * members stored or deflated, no comment, no encryption, below 4 GiB; arrays little-endian, those
 * in Fortran's order are turned.  Written members are stored, dated 1980-01-01: bytes are a
 * function of the tensors.  Read and written here, not with a library: whose version would reach
 * the bytes.
 */
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "archive/archive.h"
#include "base/npy.h"
#include "base/pack/zip_format.h"
#include "base/status.h"
#include "lang/text.h"

#define STORED    0
#define DEFLATED  8
#define MAX_RATIO 1032 /* of deflate */
#define DATE      0x21 /* 1980-01-01 */
#define VERSION   20   /* 2.0: needed to extract */

/* ---- an array ---- */

typedef struct array {
    const dp_element *type;
    bool fortran;
    dp_named_tensor tensor;
} array;

/* NULL, or what is wrong. */
static const char *parse_array(const uint8_t *bytes, size_t n, array *a)
{
    dp_npy head;
    const char *why = dp_npy_parse(bytes, n, &head);

    if (why != NULL)
        return why;
    a->type = dp_element_find(offsetof(dp_element, npy), head.type, head.type_length);
    if (a->type == NULL)
        return head.type[0] == '>' ? "is big-endian: astype(a.dtype.newbyteorder('<')) turns it"
                                   : dp_npy_other(&head);
    a->fortran = head.fortran;
    a->tensor.rank = head.rank;
    memcpy(a->tensor.shape, head.shape, sizeof head.shape);
    a->tensor.data = head.data;
    a->tensor.size = head.size;
    return NULL;
}

/* The elements in C order, which numpy wrote in Fortran's; the shape is checked. */
static dp_status turn(const dp_archive *archive, array *a)
{
    const dp_named_tensor *t = &a->tensor;
    const size_t size = a->type->size;
    uint8_t *out = dp_arena_alloc(archive->arena, (size_t)t->size + 1, 1);
    int64_t at[DP_MAX_RANK] = {0};

    if (out == NULL)
        return dp_arena_fail(archive->arena, archive->err, "an array");
    for (uint64_t i = 0; i < t->size / size; i++) { /* of the file: the first index runs fastest */
        uint64_t place = 0;
        for (int32_t d = 0; d < t->rank; d++)
            place = place * (uint64_t)t->shape[d] + (uint64_t)at[d];
        memcpy(out + place * size, t->data + i * size, size);
        for (int32_t d = 0; d < t->rank && ++at[d] == t->shape[d]; d++)
            at[d] = 0;
    }
    a->tensor.data = out;
    return DP_OK;
}

/* ---- members of the ZIP file ---- */

typedef struct member {
    const char *name;
    size_t name_length;
    uint32_t flags, method, crc, packed, size, offset;
    const uint8_t *data;
} member;

/* Unpacks into the arena; false when the bytes are not what the member says. */
static bool inflate_member(const member *m, uint8_t *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)m->data,
                  .avail_in = m->packed,
                  .next_out = out,
                  .avail_out = m->size};
    int end;

    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return false;
    end = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return end == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0;
}

/* Names the member that is bad, where its name can be shown. */
static dp_status bad_member(const dp_archive *a, const member *m, const char *what)
{
    for (size_t i = 0; i < m->name_length; i++) {
        if (m->name[i] <= ' ' || m->name[i] > '~')
            return dp_archive_corrupt(a, "member %zu %s", a->n + 1, what);
    }
    return dp_archive_corrupt(a, "%.*s %s", m->name_length > 60 ? 60 : (int)m->name_length, m->name,
                              what);
}

static dp_status unpack(const dp_archive *a, member *m)
{
    uint8_t *out;

    if (m->method == STORED && m->packed == m->size)
        return DP_OK;
    if (m->method != DEFLATED || m->size / MAX_RATIO > m->packed)
        return bad_member(a, m, "is neither stored nor deflated");
    out = dp_arena_alloc(a->arena, (size_t)m->size + 1, 1);
    if (out == NULL)
        return dp_arena_fail(a->arena, a->err, "an array");
    if (!inflate_member(m, out))
        return bad_member(a, m, "cannot be unpacked: it is damaged");
    m->data = out;
    return DP_OK;
}

static dp_status add_member(dp_archive *a, member *m)
{
    array what = {.type = NULL};
    const char *why;
    dp_status status;

    if ((m->flags & 1) != 0)
        return bad_member(a, m, "is encrypted");
    if (m->size == UINT32_MAX || m->packed == UINT32_MAX)
        return bad_member(a, m, "has 4 GiB and more");
    if (m->name_length < 5 || memcmp(m->name + m->name_length - 4, ".npy", 4) != 0)
        return bad_member(a, m, "is not an .npy array");
    status = unpack(a, m);
    if (status != DP_OK)
        return status;
    if (crc32_z(0, m->data, m->size) != m->crc)
        return bad_member(a, m, "is damaged: another CRC");
    why = parse_array(m->data, m->size, &what);
    if (why != NULL)
        return bad_member(a, m, why);
    status = dp_archive_add(a, m->name, m->name_length - 4, what.type, what.tensor);
    if (status != DP_OK || !what.fortran || what.tensor.rank < 2)
        return status;
    status = turn(a, &what);
    a->tensors[a->n - 1].data = what.tensor.data;
    return status;
}

/* Where the member's bytes are; they end before the directory. */
static bool find_data(const uint8_t *bytes, size_t directory, member *m)
{
    const uint8_t *local = bytes + m->offset;
    uint64_t start;

    if (m->offset > directory || directory - m->offset < DP_ZIP_LOCAL_SIZE ||
        dp_zip_u32(local) != DP_ZIP_LOCAL_MAGIC)
        return false;
    start =
        (uint64_t)m->offset + DP_ZIP_LOCAL_SIZE + dp_zip_u16(local + 26) + dp_zip_u16(local + 28);
    if (start > directory || m->packed > directory - start ||
        dp_zip_u16(local + 26) != m->name_length ||
        memcmp(local + DP_ZIP_LOCAL_SIZE, m->name, m->name_length) != 0)
        return false;
    m->data = bytes + start;
    return true;
}

/* The next row of the directory; *at moves behind it. */
static bool next_member(const uint8_t *bytes, size_t directory, size_t *at, size_t end, member *m)
{
    const uint8_t *row = bytes + *at;
    uint64_t size;

    if (end - *at < DP_ZIP_MEMBER_SIZE || dp_zip_u32(row) != DP_ZIP_MEMBER_MAGIC)
        return false;
    size = (uint64_t)DP_ZIP_MEMBER_SIZE + dp_zip_u16(row + 28) + dp_zip_u16(row + 30) +
           dp_zip_u16(row + 32);
    if (size > end - *at)
        return false;
    *m = (member){.name = (const char *)row + DP_ZIP_MEMBER_SIZE,
                  .name_length = dp_zip_u16(row + 28),
                  .flags = dp_zip_u16(row + 8),
                  .method = dp_zip_u16(row + 10),
                  .crc = dp_zip_u32(row + 16),
                  .packed = dp_zip_u32(row + 20),
                  .size = dp_zip_u32(row + 24),
                  .offset = dp_zip_u32(row + 42)};
    *at += (size_t)size;
    return find_data(bytes, directory, m);
}

static dp_status parse(dp_archive *a, const uint8_t *bytes, size_t n)
{
    const uint8_t *tail = bytes + n - DP_ZIP_END_SIZE;
    size_t at, end;
    uint32_t count;
    dp_status status = DP_OK;
    member m;

    if (n < DP_ZIP_END_SIZE || dp_zip_u32(tail) != DP_ZIP_END_MAGIC || dp_zip_u16(tail + 20) != 0)
        return dp_archive_corrupt(a, "a ZIP file that does not end as one: cut, or with a comment");
    count = dp_zip_u16(tail + 10);
    at = dp_zip_u32(tail + 16);
    end = n - DP_ZIP_END_SIZE;
    if (dp_zip_u32(tail + 4) != 0 || dp_zip_u16(tail + 8) != count || at > end ||
        dp_zip_u32(tail + 12) != end - at)
        return dp_archive_corrupt(
            a, count == UINT16_MAX || at == UINT32_MAX
                   ? "a ZIP64 file: 4 GiB and more, or 65535 members, are not read"
                   : "its directory is damaged");
    for (const size_t directory = at; a->n < count && status == DP_OK;) {
        status = next_member(bytes, directory, &at, end, &m)
                     ? add_member(a, &m)
                     : dp_archive_corrupt(a, "member %zu is out of place", a->n + 1);
        if (status == DP_OK)
            status = dp_progress(a->options, "tensors", a->n, count, a->err);
    }
    return status == DP_OK && at != end ? dp_archive_corrupt(a, "bytes follow its directory")
                                        : status;
}

static bool is(const uint8_t *bytes, size_t n)
{
    return n >= DP_ZIP_END_SIZE &&
           (dp_zip_u32(bytes) == DP_ZIP_LOCAL_MAGIC || dp_zip_u32(bytes) == DP_ZIP_END_MAGIC);
}

/* ---- writing ---- */

/* Format 1.0, padded so that the data begins at a multiple of 64. */
static size_t print_array(const dp_named_tensor *t, uint8_t out[512])
{
    char *text = (char *)out + 10;
    const size_t room = 512 - 10;
    size_t n = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                                dp_element_of(t)->npy);

    for (int32_t d = 0; d < t->rank; d++)
        n += (size_t)snprintf(text + n, room - n, d == 0 ? "%lld" : ", %lld",
                              (long long)t->shape[d]);
    n += (size_t)snprintf(text + n, room - n, t->rank == 1 ? ",), }" : "), }");
    while ((10 + n + 1) % 64 != 0)
        text[n++] = ' ';
    text[n++] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    dp_store_le(out + 8, 2, n);
    return 10 + n;
}

/* A member as both of its headers describe it. */
typedef struct written {
    uint32_t crc, size;
    uint64_t offset;
    size_t name_length;
    char name[DP_MAX_TENSOR_NAME + 8];
} written;

/* The 26 bytes that both headers share: version to lengths. */
static void describe(const written *w, uint8_t *out)
{
    dp_store_le(out, 2, VERSION);
    dp_store_le(out + 2, 2, 1 << 11); /* names are UTF-8 */
    dp_store_le(out + 4, 2, STORED);
    dp_store_le(out + 6, 2, 0);
    dp_store_le(out + 8, 2, DATE);
    dp_store_le(out + 10, 4, w->crc);
    dp_store_le(out + 14, 4, w->size);
    dp_store_le(out + 18, 4, w->size);
    dp_store_le(out + 22, 2, w->name_length);
    dp_store_le(out + 24, 2, 0);
}

static void put_local(dp_writer *writer, const written *w)
{
    uint8_t header[DP_ZIP_LOCAL_SIZE] = {0};

    dp_store_le(header, 4, DP_ZIP_LOCAL_MAGIC);
    describe(w, header + 4);
    dp_writer_put(writer, header, sizeof header);
    dp_writer_put(writer, w->name, w->name_length);
}

static void put_member(dp_writer *writer, const written *w)
{
    uint8_t row[DP_ZIP_MEMBER_SIZE] = {0};

    dp_store_le(row, 4, DP_ZIP_MEMBER_MAGIC);
    dp_store_le(row + 4, 2, VERSION);
    describe(w, row + 6);
    dp_store_le(row + 42, 4, w->offset);
    dp_writer_put(writer, row, sizeof row);
    dp_writer_put(writer, w->name, w->name_length);
}

static void put_end(dp_writer *writer, size_t count, uint64_t at, uint64_t size)
{
    uint8_t tail[DP_ZIP_END_SIZE] = {0};

    dp_store_le(tail, 4, DP_ZIP_END_MAGIC);
    dp_store_le(tail + 8, 2, count);
    dp_store_le(tail + 10, 2, count);
    dp_store_le(tail + 12, 4, size);
    dp_store_le(tail + 16, 4, at);
    dp_writer_put(writer, tail, sizeof tail);
}

/* Tensor t as a member at offset; its headers' size in *header. */
static written plan_member(const dp_named_tensor *t, uint64_t offset, uint8_t header[512],
                           size_t *header_size)
{
    written w = {.offset = offset};
    const int n = snprintf(w.name, sizeof w.name, "%s.npy", t->name);

    w.name_length = (size_t)n;
    *header_size = print_array(t, header);
    w.size = (uint32_t)(*header_size + t->size);
    w.crc = (uint32_t)crc32_z(0, header, *header_size);
    if (t->size > 0) /* NULL is zlib's word for "from the beginning" */
        w.crc = (uint32_t)crc32_z(w.crc, t->data, (size_t)t->size);
    return w;
}

static dp_status check_all(const dp_archive *a)
{
    uint64_t total = DP_ZIP_END_SIZE;

    for (size_t i = 0; i < a->n; i++) {
        const dp_named_tensor *t = &a->tensors[i];
        if (dp_element_of(t)->npy == NULL)
            return dp_fail(a->err, DP_EINVAL, "%.80s is %s: .npz has no such type", t->name,
                           t->type);
        total += t->size + 2 * strlen(t->name) + DP_ZIP_LOCAL_SIZE + DP_ZIP_MEMBER_SIZE + 512 + 8;
        if (total > UINT32_MAX || a->n > UINT16_MAX)
            return dp_fail(a->err, DP_ELIMIT,
                           "more than 4 GiB or 65535 arrays do not fit a .npz file");
    }
    return DP_OK;
}

static dp_status write_all(const dp_archive *a, dp_writer *writer)
{
    const dp_status status = check_all(a);
    written *rows = dp_arena_alloc(a->arena, a->n + 1, sizeof *rows);
    uint64_t at = 0, directory = 0;
    uint8_t header[512];
    size_t header_size;

    if (status != DP_OK)
        return status;
    if (rows == NULL)
        return dp_arena_fail(a->arena, a->err, "a directory");
    for (size_t i = 0; i < a->n; i++) {
        rows[i] = plan_member(&a->tensors[i], at, header, &header_size);
        put_local(writer, &rows[i]);
        dp_writer_put(writer, header, header_size);
        dp_writer_put(writer, a->tensors[i].data, (size_t)a->tensors[i].size);
        at += DP_ZIP_LOCAL_SIZE + rows[i].name_length + rows[i].size;
    }
    for (size_t i = 0; i < a->n; i++) {
        put_member(writer, &rows[i]);
        directory += DP_ZIP_MEMBER_SIZE + rows[i].name_length;
    }
    put_end(writer, a->n, at, directory);
    return DP_OK;
}

const dp_archive_format dp_archive_npz = {
    .name = "npz", .suffix = ".npz", .is = is, .parse = parse, .write = write_all};
