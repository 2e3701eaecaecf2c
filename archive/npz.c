/* npz.c - numpy's archives: a ZIP file of .npy arrays
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * PKWARE's APPNOTE.TXT and numpy.lib.format, as far as numpy.savez and savez_compressed use them.
 * Arrays that are big-endian or in Fortran's order are turned.  Written members are stored, dated
 * 1980-01-01, below 4 GiB: bytes are a function of the tensors.  Read and written here, not with a
 * library: whose version would reach the bytes.
 */
#include <stdio.h>
#include <string.h>

#include "archive/archive.h"
#include "base/pack/crc32.h"
#include "base/npy.h"
#include "base/pack/zip.h"
#include "base/pack/zip_format.h"
#include "base/status.h"
#include "lang/text.h"

#define STORED  0
#define DATE    0x21 /* 1980-01-01 */
#define VERSION 20   /* 2.0: needed to extract */

/* ---- an array ---- */

typedef struct array {
    const dp_element *type;
    bool fortran, big; /* the first index runs fastest; big-endian */
    dp_named_tensor tensor;
} array;

/* The type, whose first sign is the byte order; NULL: there is none such. */
static const dp_element *find_type(const dp_npy *head, bool *big)
{
    char little[4] = "<";

    *big = head->type_length == 3 && head->type[0] == '>';
    if (!*big)
        return dp_element_find(offsetof(dp_element, npy), head->type, head->type_length);
    memcpy(little + 1, head->type + 1, 2);
    return dp_element_find(offsetof(dp_element, npy), little, 3);
}

/* NULL, or what is wrong. */
static const char *parse_array(const uint8_t *bytes, size_t n, array *a)
{
    dp_npy head;
    const char *why = dp_npy_parse(bytes, n, &head);

    if (why != NULL)
        return why;
    a->type = find_type(&head, &a->big);
    if (a->type == NULL)
        return dp_npy_other(&head);
    a->fortran = head.fortran;
    a->tensor.rank = head.rank;
    memcpy(a->tensor.shape, head.shape, sizeof head.shape);
    a->tensor.data = head.data;
    a->tensor.size = head.size;
    return NULL;
}

/* The elements of the last tensor in C order, if numpy wrote them in Fortran's, and little-endian;
 * its shape is checked. */
static dp_status order(dp_archive *archive, const array *a)
{
    dp_named_tensor *t = &archive->tensors[archive->n - 1];
    int64_t strides[DP_MAX_RANK];
    int64_t stride = 1;

    if (((!a->fortran || t->rank < 2) && !a->big) || t->count == 0)
        return DP_OK;
    for (int32_t k = 0; k < t->rank; k++) {
        const int32_t d = a->fortran ? k : t->rank - 1 - k;
        strides[d] = stride;
        stride *= t->shape[d];
    }
    return dp_archive_gather(archive, t, strides, a->big);
}

/* ---- members of the ZIP file ---- */

static dp_status add_member(dp_archive *a, dp_zip_member *m)
{
    array what = {.type = NULL};
    const char *why;
    dp_status status;

    if (m->name_length < 5 || memcmp(m->name + m->name_length - 4, ".npy", 4) != 0)
        return dp_archive_bad_member(a, m, "is not an .npy array");
    status = dp_zip_unpack(m, a->arena, &why, a->err);
    if (status != DP_OK)
        return status == DP_ECORRUPT ? dp_archive_bad_member(a, m, why) : status;
    why = parse_array(m->data, (size_t)m->size, &what);
    if (why != NULL)
        return dp_archive_bad_member(a, m, why);
    status = dp_archive_add(a, m->name, m->name_length - 4, what.type, what.tensor);
    return status == DP_OK ? order(a, &what) : status;
}

static dp_status parse(dp_archive *a, const uint8_t *bytes, size_t n)
{
    dp_zip zip;
    const char *why = dp_zip_open(bytes, n, &zip);
    dp_status status = DP_OK;
    dp_zip_member m;

    if (why != NULL)
        return dp_archive_corrupt(a, "%s", why);
    while (a->n < zip.count && status == DP_OK) {
        status = dp_zip_next(&zip, &m)
                     ? add_member(a, &m)
                     : dp_archive_corrupt(a, "member %zu is out of place", a->n + 1);
        if (status == DP_OK)
            status = dp_progress(a->options, "tensors", a->n, zip.count, a->err);
    }
    return status == DP_OK && !dp_zip_at_end(&zip)
               ? dp_archive_corrupt(a, "bytes follow its directory")
               : status;
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
    w.crc = dp_crc32(dp_crc32(0, header, *header_size), t->data, (size_t)t->size);
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
    .name = "npz", .suffix = ".npz", .is = dp_zip_is, .parse = parse, .write = write_all};
