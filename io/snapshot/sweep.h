/* sweep.h - a far file that is read from its beginning to its end, some MiB of it at a time
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_SWEEP_H
#define IO_SNAPSHOT_SWEEP_H

#include "base/file.h"
#include "base/workers.h"

#define DP_SWEEP_PIECE  ((size_t)1 << 20) /* bytes of a transfer */
#define DP_SWEEP_PIECES 8                 /* at a time */

typedef struct dp_far_sweep {
    dp_workers *workers; /* NULL = closed: files are read as they are */
    uint8_t *bytes;
    const dp_file *file; /* of which they are */
    uint64_t at, n;
    struct dp_sweep_file {
        dp_far far;
        struct dp_far_sweep *sweep;
    } far;
    /* Of each piece that is read: how many came, and what went wrong. */
    size_t got[DP_SWEEP_PIECES];
    int errors[DP_SWEEP_PIECES];
} dp_far_sweep;

dp_status dp_far_sweep_open(dp_far_sweep *, dp_arena *, dp_error *);
void dp_far_sweep_close(dp_far_sweep *);

/* The file, to be read by one thread until another one is asked for. */
dp_file dp_far_sweep_file(dp_far_sweep *, const dp_file *);

#endif
