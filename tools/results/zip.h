/* zip.h - what a ZIP file holds, member by member, without unpacking
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For comparing: dates, extra fields and the folder that all members are in (torch.save names it
 * after the file) are not content.
 */
#ifndef TOOLS_RESULTS_ZIP_H
#define TOOLS_RESULTS_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIP_MOST_DIRECTORY ((uint32_t)1 << 24) /* bytes */

typedef struct zip_member {
    const char *name; /* without the top folder; not ended by NUL */
    size_t name_length;
    uint32_t method, packed, size;
    uint64_t offset; /* of the packed bytes */
} zip_member;

typedef struct zip_file {
    zip_member *v;
    size_t n;
    uint8_t *directory; /* what the names are in */
} zip_file;

/* False, and nothing to free: not a ZIP file, a damaged one, one with a comment, one of 4 GiB and
 * more, or one whose members share bytes. */
bool zip_open(int fd, uint64_t size, zip_file *);
void zip_close(zip_file *);

#endif
