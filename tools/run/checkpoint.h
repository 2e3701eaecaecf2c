/* checkpoint.h - a run on disk: its net, its place in the data, and what it is a run of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_CHECKPOINT_H
#define TOOLS_RUN_CHECKPOINT_H

#include "tools/run/session.h"

/* The net's note is "data=STATE net=DIGEST layers=DIGEST stream=DIGEST batch=ROWS:BATCHES", in
 * hexadecimal but for the last two, then " from=STEP:DIGEST:WORDS" where the run was changed and
 * " best=STEP:BITS:MISSES" where it is tested (docs/checkpoint.md). */
/* 0, or the exit status.  When no state can be had (a file of the data set changed), the weights
 * go into `path`.unidentified, and what stands under `path` stays. */
int checkpoint_save(const session *, const char *path);

/* What may be another one than that of the checkpoint, as bits. */
enum { CHANGE_OPTIMIZER = 1, CHANGE_STEPS = 2, CHANGE_DATA = 4, CHANGE_BATCH = 8 };
/* Of a list as "optimizer,data"; NULL is none.  0, or the exit status. */
int checkpoint_changes(const char *list, unsigned *changes);

/* Goes on where the checkpoint was written.  Refused, unless `changes` has it: other data, another
 * pipeline, net or seed.  A file without a note goes on by its number of steps alone. */
int checkpoint_load(session *, const char *path, unsigned changes);

#endif
