/* inflate.h - gzip files in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_INFLATE_H
#define BASE_PACK_INFLATE_H

#include "base/file.h"

typedef struct dp_blob {
    const uint8_t *bytes;
    size_t size;
    uint64_t stamp; /* of the file that it came from */
} dp_blob;

/* All of an open file, called `path`, unpacked when it is gzip (RFC 1952), else as it is; at most
 * `most` bytes, however small the file is.  options->progress is told of the file's own bytes, as
 * "file" (options NULL: nobody is).  DP_ECORRUPT when the stream is damaged or longer, DP_ELIMIT or
 * DP_ENOMEM when the arena is too small. */
dp_status dp_blob_read(const dp_file *, const char *path, uint64_t most, dp_arena *,
                       const dp_options *, dp_blob *out, dp_error *);

#endif
