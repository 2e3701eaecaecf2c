/* lint.h - what in a pipeline is random, and the pipeline without it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LINT_H
#define TOOLS_LINT_H

#include "tools/session.h"

typedef enum lint_level { LINT_NOTE, LINT_WARNING } lint_level;

typedef struct lint_finding {
    lint_level level;
    const char *where; /* "data", "net", "recipe" */
    unsigned column;   /* in that text; 0 = none */
    char stage[64];
    const char *why, *remedy;
} lint_finding;

typedef struct lint_report {
    lint_finding *finding;
    size_t n;
} lint_report;

/* Findings in the order of the procedure of MindSpore's guide on fixed randomness: seed,
 * hyperparameters, weights, random operations, shuffles and samplers, workers, dropout, operators
 * that differ from run to run, the start.  -1, or the exit status. */
int lint_session(const session *, lint_report *);
void lint_free(lint_report *);

/* The data text without what is random, in *out (to be freed).  at: "x,y" of the crops, or NULL for
 * the middle.  -1, or the exit status after saying why. */
int lint_fix(const session *, const char *at, char **out);

#endif
