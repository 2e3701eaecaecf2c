/* zip_file.h - the members of a ZIP file on disk, where they lie
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_ZIP_FILE_H
#define BASE_PACK_ZIP_FILE_H

#include "base/file.h"

typedef struct dp_zip_entry {
    const char *name; /* NUL added */
    uint64_t at;      /* of its bytes in the file */
    uint64_t packed, size;
    uint32_t crc; /* of what is unpacked */
    bool deflated;
} dp_zip_entry;

typedef struct dp_zip_file {
    const dp_file *file;
    const char *path;
    dp_zip_entry *members; /* in the directory's order */
    uint64_t n;
} dp_zip_file;

/* Reads the directory of an open file, ZIP64 or not, and finds each member before it.  DP_ECORRUPT
 * when the file is no ZIP file, cut or damaged, or a member is encrypted or packed otherwise. */
dp_status dp_zip_file_open(dp_zip_file *, const dp_file *, const char *path, dp_arena *,
                           dp_error *);

/* Reads a member once and checks its CRC; into `out`, of its size, unless that is NULL and it is
 * stored.  options->progress is told of it as "file". */
dp_status dp_zip_file_read(const dp_zip_file *, const dp_zip_entry *, const dp_options *,
                           uint8_t *out, dp_error *);

#endif
