/* checkpoint.h - a run on disk: its net, its place in the data, and what it is a run of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_CHECKPOINT_H
#define TOOLS_RUN_CHECKPOINT_H

#include "tools/run/session.h"

/* The net's note is "data=STATE net=DIGEST", in hexadecimal: the pipeline's dp_state, and the
 * digest of the net's canonical text and seed. */
/* 0, or the exit status.  When no state can be had (a file of the data set changed), the weights
 * go into `path`.unidentified, and what stands under `path` stays. */
int checkpoint_save(const session *, const char *path);

/* Goes on where the checkpoint was written.  Refused: other data, another pipeline, net or seed.  A
 * file without a note goes on by its number of steps alone. */
int checkpoint_load(session *, const char *path);

#endif
