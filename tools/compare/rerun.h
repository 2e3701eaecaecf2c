/* rerun.h - the step that differs, run again with all of its tensors at hand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_RERUN_H
#define TOOLS_COMPARE_RERUN_H

#include "tools/compare/comparison.h"
#include "tools/compare/difference.h"
#include "tools/run/trace.h"

typedef struct replay {
    const char *recipes, *checkpoints; /* one for both, or two with a comma between; or NULL */
    session session;                   /* its settings */
    bool twice;                        /* the runs are not one: each was run again */
    uint64_t step;
    uint64_t other[2]; /* the first step that was not as its ledger has it; UINT64_MAX: none */
    trace trace[2];
} replay;

/* Runs the step where the ledgers part again.  0, or the exit status after saying why not. */
int replay_make(replay *, const comparison *);
void replay_free(replay *);

/* The first tensor that differs; n: none. */
size_t replay_first(const replay *);
void replay_print(FILE *, const replay *, const comparison *);
void replay_to_json(const replay *, cJSON *);

#endif
