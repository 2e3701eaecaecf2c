/* snapshot.h - what a snapshot holds, and whether two hold the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_SNAPSHOT_H
#define TOOLS_COMPARE_SNAPSHOT_H

#include "detpipe_snapshot.h"
#include "tools/run/session.h"

/* `snapshot file="PATH"` and what follows; the caller frees it. */
char *snapshot_text(const char *path, const char *rest);

/* 0, or the exit status after saying why. */
int snapshot_open(dp_snapshot **, const char *path);

/* Each returns the exit status. */
int snapshot_say_written(const char *path);
int snapshot_info(const char *path, bool json);
int snapshot_diff(const char *a, const char *b, bool json);

#endif
