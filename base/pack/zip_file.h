/* zip_file.h - the members of a ZIP file on disk, where they lie
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_ZIP_FILE_H
#define BASE_PACK_ZIP_FILE_H

#include "base/file.h"
#include "base/pack/zip.h"

typedef struct dp_zip_file {
    const dp_file *file;
    const char *path;
    dp_zip_member *members; /* in the directory's order; offset: of their bytes in the file */
    uint64_t n;
} dp_zip_file;

/* Reads the directory of an open file, and finds each member before it.  DP_ECORRUPT when the file
 * is not a ZIP file, cut or damaged, or a member cannot be unpacked. */
dp_status dp_zip_file_open(dp_zip_file *, const dp_file *, const char *path, dp_arena *,
                           dp_error *);

/* Reads a member once and checks its CRC; into `out`, of its size, unless that is NULL and it is
 * stored.  options->progress is told of it as "file". */
dp_status dp_zip_file_read(const dp_zip_file *, const dp_zip_member *, const dp_options *,
                           uint8_t *out, dp_error *);

#endif
