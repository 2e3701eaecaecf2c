/* opened.h - a snapshot that is open, to be looked at as a file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_SNAPSHOT_OPENED_H
#define PIPELINE_SNAPSHOT_OPENED_H

#include "base/handle.h"
#include "detpipe_snapshot.h"
#include "io/snapshot/seal.h"

struct dp_snapshot {
    dp_handle handle;
    dp_opener opener;
    dp_snapshot_file file;
    dp_snapshot_info info;
    dp_array columns[DP_MAX_COLUMNS + 1], least[DP_MAX_COLUMNS + 1];
    char digest[2 * DP_BLAKE + 1]; /* of its seal; "" = it has none */
    dp_error no_seal;              /* why the seal that is there is not its own; DP_OK: it is */
};

#endif
