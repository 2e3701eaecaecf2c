/* row.h - what was drawn for one row of a stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_ROW_H
#define TOOLS_RUN_ROW_H

#include "tools/run/session.h"

/* Prints the record, the numbers drawn, and a text that makes the same row without drawing, for row
 * number `sample` of the stream.  The exit status. */
int sample_print(const char *what, const char *data, uint64_t sample);

#endif
