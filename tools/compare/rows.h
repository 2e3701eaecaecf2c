/* rows.h - two streams row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_ROWS_H
#define TOOLS_COMPARE_ROWS_H

#include "tools/cli/cli.h"

/* What a comparison saw. */
typedef struct streams_found {
    uint64_t batches, equal, different; /* equal, different: rows */
    char where[512];                    /* they part; "" = nowhere */
    uint64_t left_out[2];               /* damaged records, of each stream */
} streams_found;

/* Whether two lists of columns (each ends with a NULL name) are one; `where` says how not. */
bool streams_same_columns(const dp_array *, const dp_array *, streams_found *);

/* Reads both to their ends.  0, or the exit status after saying what failed. */
int streams_compare(dp_pipeline *, dp_pipeline *, streams_found *);

/* Says what was found, as text or as one JSON object (kind: "stream", "snapshot").  The exit
 * status: nothing compared is neither equal nor different. */
int streams_report(const streams_found *, const char *kind, bool json);

#endif
