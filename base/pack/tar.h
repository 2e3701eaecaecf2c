/* tar.h - the files of a tar archive, in memory or read from a file
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * v7, ustar and GNU archives, with the long names of ustar, GNU tar and pax.  Each file has the
 * name that Python's tarfile gives it.  Nothing ends an archive silently: a header that is damaged,
 * a cut and what stands behind the end are DP_ECORRUPT.
 */
#ifndef BASE_PACK_TAR_H
#define BASE_PACK_TAR_H

#include "base/pack/inflate.h"

#define DP_TAR_NAME     4096    /* bytes of a name, NUL included */
#define DP_TAR_EXTENDED 0x10000 /* bytes of what one header says of the next file */

typedef struct dp_tar {
    const char *path;           /* for messages */
    dp_blob archive;            /* in memory; bytes NULL: it is read from the file */
    const struct dp_file *file; /* NULL where it is in memory */
    uint64_t size, at;          /* of the archive; of the next header */
    uint64_t n_others;          /* links, devices and what is not known, which were passed over */
    uint8_t *window;            /* of the file: n bytes from a place on */
    uint64_t window_at;
    size_t window_n;
} dp_tar;

typedef struct dp_tar_member {
    char name[DP_TAR_NAME];
    uint64_t at, size; /* of its bytes in the archive */
} dp_tar_member;

/* Of a blob or of a file, which has to stay; a file is read through a window in the arena. */
dp_status dp_tar_open(dp_tar *, const char *path, const dp_blob *, const struct dp_file *,
                      dp_arena *, dp_error *);

/* One file after another: regular ones only, others are passed over.  DP_END at the end; DP_ELIMIT
 * for longer names. */
dp_status dp_tar_next(dp_tar *, dp_tar_member *, dp_error *);

#endif
