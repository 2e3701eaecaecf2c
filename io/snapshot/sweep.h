/* sweep.h - a far file that is read from its beginning to its end, some MiB of it at a time
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_SWEEP_H
#define IO_SNAPSHOT_SWEEP_H

#include "base/alloc.h"
#include "io/remote/transfer.h"

#define DP_SWEEP_PIECE  ((size_t)1 << 20) /* bytes of a transfer */
#define DP_SWEEP_PIECES 8                 /* at a time */

typedef struct dp_far_sweep {
    uint8_t *bytes;      /* NULL = closed: files are read as they are */
    const dp_file *file; /* of which they are */
    uint64_t at, n;
    struct dp_sweep_file {
        dp_far far;
        struct dp_far_sweep *sweep;
    } far;
    dp_fetch pieces[DP_SWEEP_PIECES];
} dp_far_sweep;

dp_status dp_far_sweep_open(dp_far_sweep *, dp_arena *, dp_error *);

/* The file, to be read by one thread until another one is asked for. */
dp_file dp_far_sweep_file(dp_far_sweep *, const dp_file *);

#endif
