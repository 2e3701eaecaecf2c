/* inflate.h - gzip files in memory, and the files of a tar archive in them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_INFLATE_H
#define BASE_PACK_INFLATE_H

#include "base/alloc.h"

typedef struct dp_blob {
    const uint8_t *bytes;
    size_t size;
    uint64_t stamp; /* of the file that it came from */
} dp_blob;

/* A whole file, unpacked when it is gzip (RFC 1952), else as it is; at most `most` bytes, however
 * small the file is.  DP_ECORRUPT when the stream is damaged or longer, DP_ELIMIT or DP_ENOMEM when
 * the arena is too small. */
dp_status dp_blob_read(const char *path, uint64_t most, dp_arena *, dp_blob *out, dp_error *);

/* One entry after another of a ustar archive: regular files only, others are passed over.  name
 * gets the last part of the path.  DP_END at the end, DP_ECORRUPT when a header is damaged. */
typedef struct dp_tar {
    dp_blob archive;
    size_t at;
    const char *path; /* for messages */
} dp_tar;
#define DP_TAR_NAME 101 /* bytes of a name, NUL included */
dp_status dp_tar_next(dp_tar *, char name[DP_TAR_NAME], dp_blob *out, dp_error *);

#endif
