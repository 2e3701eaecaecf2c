/* program.h - a run of somebody's training command
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include "tools/losses.h"
#include "tools/perturb.h"

typedef struct program {
    char *const *argv;  /* ends with NULL */
    const char *regex;  /* of its losses, or NULL */
    const char *folder; /* for what it prints: an absolute path */
    uint64_t timeout;   /* seconds, 0 = as long as it takes */
} program;

#define PROGRAM_PATH 4096
typedef struct program_run {
    int number;
    uint32_t vary; /* a set of perturbations */
    double seconds;
    char out[PROGRAM_PATH], err[PROGRAM_PATH]; /* files of what it printed */
    losses losses;
} program_run;

/* Runs it in a process group of its own, without input, and finds its losses on stdout, else on
 * stderr.  -1, or the exit status after saying why there is nothing to compare: it cannot be
 * started, failed, was ended by a signal or the time-out, printed no loss, or Ctrl-C. */
int program_start(const program *, program_run *);

#endif
