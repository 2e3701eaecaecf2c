/* streams.h - two streams row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_STREAMS_H
#define TOOLS_STREAMS_H

#include "tools/cli.h"

/* Whether two lists of columns (each ends with a NULL name) are one; says how not. */
bool streams_same_columns(const dp_array *, const dp_array *);

/* Reads both to their ends; says where they part, and how many rows are equal.  The exit status. */
int streams_compare(dp_pipeline *, dp_pipeline *);

#endif
