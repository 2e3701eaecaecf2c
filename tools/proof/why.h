/* why.h - verify --why: each run records a ledger by itself, and the ledgers are compared
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The Python of a run finds a sitecustomize of ours first.  Once the run has imported a framework,
 * that has its Ledger record what is trained; nothing of the command is changed.
 */
#ifndef TOOLS_PROOF_WHY_H
#define TOOLS_PROOF_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "tools/results/results.h"

typedef enum why_level { WHY_LOSS, WHY_WEIGHTS, WHY_FULL } why_level;

/* How much is recorded: --why=weights,every=10,steps=6..8. */
typedef struct why_how {
    why_level level;
    uint64_t every;       /* one step in so many, from the first on */
    uint64_t first, last; /* steps that count; last: UINT64_MAX = to the end */
} why_how;

#define WHY_FAILURES "failures to record" /* what a line of a hook that failed begins with */
#define WHY_HIDDEN   "processes that were not recorded" /* likewise of one with a framework in it */
#define WHY_LINE     256
#define WHY_PATH     4096
typedef struct why_line {
    char text[WHY_LINE];
    uint64_t n;
} why_line;

/* What was there and is in no ledger, counted; each text once. */
typedef struct why_unseen {
    why_line *v;
    size_t n;
} why_unseen;

/* What a run recorded: its ledgers that have a step, "ledger of rank 0". */
typedef struct why_run {
    results ledgers;
    why_unseen unseen;
    size_t open; /* that no process closed: it was killed, and may have done more */
} why_run;

/* Ledgers of two runs, side by side, and the processes that wrote them. */
#define WHY_HEADS 1000
typedef struct why_comparison {
    results_comparison files;
    size_t ledgers;          /* that both runs wrote */
    uint64_t steps, entries; /* that both have in these, equal or not */
    size_t earliest;         /* of files.pair: what differs first, by step and place in it */
    uint64_t step, equal;    /* that step, 0: none; and the last that both have before it, or 0 */
    char heads[WHY_HEADS];   /* how the processes of b were unlike those of a: "2 threads (..)" */
} why_comparison;

/* The text of the option; "" is everything.  0, or EXIT_MALFORMED after saying why. */
int why_parse(const char *text, why_how *);
/* Whether something is left out. */
bool why_is_narrow(const why_how *);
/* Everything, of the steps that may hold what made ledgers of so much differ. */
why_how why_closer(const why_how *, const why_comparison *);

/* Before the first run, in the folder of the trial.  0, or the exit status after saying why. */
int why_prepare(const char *folder);

/* In the process that will be run number `number`; false: errno says why not. */
bool why_apply(const char *folder, int number, const why_how *);

/* What the environment of that process has: DETPIPE_WHY, and a folder of PYTHONPATH. */
void why_places(const char *folder, int number, char run[WHY_PATH], char path[WHY_PATH]);

/* Processes of the run with a framework in them whose environment was another. */
typedef struct why_hidden {
    uint64_t n;
    const char *first; /* the command of one */
} why_hidden;

/* Behind the run.  What it did not record, and why, goes into note.  0, or EXIT_NOT_TRIED,
 * and `why` no step was recorded. */
int why_take(const char *folder, int number, const why_hidden *, why_run *out, char *note,
             size_t note_size, char why[RESULTS_TEXT]);
void why_free(why_run *);

void why_compare(const why_run *a, const why_run *b, why_comparison *);
void why_comparison_free(why_comparison *);

/* Adds what one of them has, each text by the larger number. */
void why_unseen_add(why_unseen *, const why_unseen *);
void why_unseen_free(why_unseen *);

#endif
