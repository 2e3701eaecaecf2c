/* zip.c - what a ZIP file holds, member by member, without unpacking
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/results/zip.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pack/zip_format.h"
#include "tools/cli/memory.h"

static bool read_at(int fd, uint64_t offset, void *to, size_t n)
{
    return pread(fd, to, n, (off_t)offset) == (ssize_t)n;
}

/* Where the packed bytes are; they end before the directory. */
static bool find_data(int fd, uint64_t directory, uint32_t header, zip_member *m)
{
    uint8_t local[DP_ZIP_LOCAL_SIZE];

    if ((uint64_t)header + DP_ZIP_LOCAL_SIZE > directory ||
        !read_at(fd, header, local, DP_ZIP_LOCAL_SIZE) || dp_zip_u32(local) != DP_ZIP_LOCAL_MAGIC)
        return false;
    m->offset =
        (uint64_t)header + DP_ZIP_LOCAL_SIZE + dp_zip_u16(local + 26) + dp_zip_u16(local + 28);
    return m->offset <= directory && m->packed <= directory - m->offset;
}

/* The rows of a directory of `size` bytes at `start` of the file. */
static bool read_rows(int fd, uint64_t start, uint32_t size, size_t count, zip_file *z)
{
    uint64_t at = 0, all = 0;

    for (; z->n < count; z->n++) {
        const uint8_t *row = z->directory + at;
        zip_member *m = &z->v[z->n];
        if (size - at < DP_ZIP_MEMBER_SIZE || dp_zip_u32(row) != DP_ZIP_MEMBER_MAGIC)
            return false;
        *m = (zip_member){(const char *)row + DP_ZIP_MEMBER_SIZE,
                          dp_zip_u16(row + 28),
                          dp_zip_u16(row + 10),
                          dp_zip_u32(row + 20),
                          dp_zip_u32(row + 24),
                          0};
        at += (uint64_t)DP_ZIP_MEMBER_SIZE + dp_zip_u16(row + 28) + dp_zip_u16(row + 30) +
              dp_zip_u16(row + 32);
        all += m->packed;
        if (at > size || all > start || m->size == UINT32_MAX ||
            !find_data(fd, start, dp_zip_u32(row + 42), m))
            return false;
    }
    return at == size;
}

/* The length of "folder/" when every name begins with it. */
static size_t top_folder(const zip_file *z)
{
    const char *slash = z->n > 0 ? memchr(z->v[0].name, '/', z->v[0].name_length) : NULL;
    const size_t n = slash != NULL ? (size_t)(slash - z->v[0].name) + 1 : 0;

    for (size_t i = 0; i < z->n; i++) {
        if (z->v[i].name_length < n || memcmp(z->v[i].name, z->v[0].name, n) != 0)
            return 0;
    }
    return n;
}

bool zip_open(int fd, uint64_t size, zip_file *z)
{
    uint8_t end[DP_ZIP_END_SIZE], magic[4];
    uint32_t start, length;
    size_t top;

    *z = (zip_file){0};
    if (size < DP_ZIP_END_SIZE || !read_at(fd, 0, magic, 4) ||
        !read_at(fd, size - DP_ZIP_END_SIZE, end, DP_ZIP_END_SIZE) ||
        dp_zip_u32(magic) != DP_ZIP_LOCAL_MAGIC || dp_zip_u32(end) != DP_ZIP_END_MAGIC ||
        dp_zip_u16(end + 20) != 0)
        return false;
    length = dp_zip_u32(end + 12);
    start = dp_zip_u32(end + 16);
    if (dp_zip_u16(end + 10) == UINT16_MAX || length > ZIP_MOST_DIRECTORY ||
        (uint64_t)start + length > size - DP_ZIP_END_SIZE)
        return false;
    z->directory = xmalloc((size_t)length + 1);
    z->v = xcalloc((size_t)dp_zip_u16(end + 10) + 1, sizeof *z->v);
    if (!read_at(fd, start, z->directory, length) ||
        !read_rows(fd, start, length, dp_zip_u16(end + 10), z)) {
        zip_close(z);
        return false;
    }
    top = top_folder(z);
    for (size_t i = 0; i < z->n; i++) {
        z->v[i].name += top;
        z->v[i].name_length -= top;
    }
    return true;
}

void zip_close(zip_file *z)
{
    free(z->v);
    free(z->directory);
    *z = (zip_file){0};
}
