/* sample.h - what was drawn for one row of a stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_SAMPLE_H
#define TOOLS_SAMPLE_H

#include "tools/session.h"

/* Prints the record, the numbers drawn, and a text that makes the same row without drawing, for row
 * number `sample` of the stream.  The exit status. */
int sample_print(const char *what, const char *data, uint64_t sample);

#endif
