/* runs.h - runs of a recipe, each in processes of its own
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_RUNS_H
#define TOOLS_PROOF_RUNS_H

#include "tools/proof/ladder.h"

/* What every run does. */
typedef struct run_question {
    const char *recipe, *data;
    cli_optional seed, steps; /* in place of the recipe's */
    uint64_t timeout;         /* seconds that a rank waits for the others, 0: for ever */
} run_question;

/* How one does it, and what came out. */
typedef struct recipe_run {
    uint64_t threads, prefetch;
    uint32_t ranks;  /* 1 = one process, without mpirun */
    const char *cpu; /* DETPIPE_CPU, NULL = as it is */
    inject inject;
    ladder ladder;
} recipe_run;

/* Starts `detpipe verify --one-run FAULT` on so many ranks and reads its ladder.  0, or the exit
 * status after saying why there is none. */
int runs_start(const run_question *, recipe_run *, int number);

/* What such a process does: one run, whose ladder it prints as JSON.  fault: a word of --inject, or
 * "none".  The exit status. */
int runs_here(const run_question *, const recipe_run *, const char *fault);

#endif
