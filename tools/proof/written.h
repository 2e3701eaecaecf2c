/* written.h - files of the working directory that were written since a moment
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_WRITTEN_H
#define TOOLS_PROOF_WRITTEN_H

#include <stddef.h>
#include <time.h>

/* What was written before has an earlier time, what is written from now on has none.  Waits until
 * the clock of files moves on: milliseconds. */
struct timespec written_moment(void);

/* "a, b, c, ...": names of plain files; returns how many there are.  Left out are those that
 * standard output and standard error are, and what verify keeps in `folder`. */
#define WRITTEN_TEXT 320
size_t written_since(struct timespec moment, const char *folder, char out[WRITTEN_TEXT]);

#endif
