/* tar.h - the files of a tar archive in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_TAR_H
#define BASE_PACK_TAR_H

#include "base/pack/inflate.h"

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
