/* zip.c - what a ZIP file holds, member by member, without unpacking
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/results/zip.h"

#include <string.h>

#include "base/pack/zip_format.h"

/* The length of "folder/" when every name begins with it. */
static size_t top_folder(const dp_zip_file *z)
{
    const dp_zip_member *m = z->members;
    const char *slash = z->n > 0 ? memchr(m->name, '/', m->name_length) : NULL;
    const size_t n = slash != NULL ? (size_t)(slash - m->name) + 1 : 0;

    for (uint64_t i = 0; i < z->n; i++) {
        if (m[i].name_length < n || memcmp(m[i].name, m->name, n) != 0)
            return 0;
    }
    return n;
}

/* Such a file is small and would be long to read. */
static bool shares_bytes(const dp_zip_file *z)
{
    uint64_t left = z->file->size;

    for (uint64_t i = 0; i < z->n; i++) {
        if (z->members[i].packed > left)
            return true;
        left -= z->members[i].packed;
    }
    return false;
}

bool zip_open(int fd, uint64_t size, zip_file *z)
{
    uint8_t magic[4];
    size_t n, top;

    *z = (zip_file){.file = {.fd = fd, .size = size}, .arena = {.alloc = &dp_libc_allocator}};
    if (dp_file_read_at(&z->file, 0, magic, sizeof magic, &n) != 0 || n < sizeof magic ||
        dp_zip_u32(magic) != DP_ZIP_LOCAL_MAGIC)
        return false;
    if (dp_zip_file_open(&z->zip, &z->file, "", &z->arena, NULL) != DP_OK ||
        shares_bytes(&z->zip)) {
        zip_close(z);
        return false;
    }
    top = top_folder(&z->zip);
    for (uint64_t i = 0; i < z->zip.n; i++) {
        z->zip.members[i].name += top;
        z->zip.members[i].name_length -= top;
    }
    return true;
}

void zip_close(zip_file *z) { dp_arena_free(&z->arena); }
