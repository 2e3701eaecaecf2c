/* verdict.h - what runs of one thing say together: made once, then shown as text or as JSON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_VERDICT_H
#define TOOLS_PROOF_VERDICT_H

#include "tools/proof/evidence.h"
#include "tools/proof/growth.h"
#include "tools/proof/ladder.h"

#define VERDICT_MOST_RUNS 8                       /* that are asked for */
#define VERDICT_ROOM      (VERDICT_MOST_RUNS + 1) /* and one without what run 1 left */

typedef enum verdict_answer { VERDICT_OTHER, VERDICT_NOTHING, VERDICT_EQUAL } verdict_answer;

typedef struct verdict {
    verdict_answer answer;
    char weakness[EVIDENCE_TEXT]; /* of equality; why nothing is shown; "" = there is none */
    int status;                   /* the exit status */
} verdict;

/* The last line of a report: words[answer], with the weakness, and a color where asked. */
void verdict_print(const verdict *, const char *const words[3], bool color);

/* ---- of printed losses and files ---- */

typedef struct printed_question {
    int n; /* runs, 2 at least */
    const losses *losses[VERDICT_ROOM];
    const results *results[VERDICT_ROOM];  /* where files are compared */
    const why_run *recorded[VERDICT_ROOM]; /* where ledgers are */
    const leftovers *left;                 /* NULL: nothing ran here */
    bool files, ledgers, allclose, strict, sensitivity;
} printed_question;

/* Two losses that run 1 and another one have of one step, or the one that one of them has. */
typedef struct printed_place {
    const loss_pair *pair; /* NULL: there is no such place */
    const loss *loss;      /* run 1's, where it has one */
    const loss_series *series;
    size_t ordinal;            /* of the loss in its series, from 0 */
    char step[LOSS_STEP_TEXT]; /* "" = none was printed */
} printed_place;

typedef struct printed_verdict {
    verdict all;
    evidence evidence;
    losses_comparison with[VERDICT_ROOM]; /* of run 1 and each other; none for run 1 */
    results_comparison files[VERDICT_ROOM];
    why_comparison ledgers[VERDICT_ROOM];
    int other;   /* the first run that is not as run 1, or 0 */
    int shown;   /* the run that stands beside run 1: that one, else the second */
    bool digits; /* all losses are equal */

    /* Of run 1 and the one beside it: the first difference; the first in numbers alone, and how
     * many of iterations 1 and 2 its series has; the first in what was printed, and the steps
     * ("none") and counts of its series in both. */
    printed_place first, value, place;
    int iterations;
    char step[2][LOSS_STEP_TEXT];
    size_t count[2];

    char sensitivity[GROWTH_TEXT]; /* "" = not asked for */
} printed_verdict;

/* The losses and results stay as long as the verdict. */
void printed_verdict_make(printed_verdict *, const printed_question *);
void printed_verdict_free(printed_verdict *);

/* Any pair of the comparison of a and b, in words. */
printed_place printed_place_of(const losses *a, const losses *b, const losses_comparison *,
                               const loss_pair *);

/* ---- of ladders ---- */

typedef struct ladder_verdict {
    verdict all;
    closeness close;      /* of run 1 and each other */
    int other[N_RUNGS];   /* the first run that is not as run 1 on a rung, or 0 */
    int broken;           /* the lowest rung that differs, N_RUNGS = none */
    bool alone;           /* and no other differs */
    uint64_t asked, done; /* steps; asked: 0 = all that there are */
} ladder_verdict;

ladder_verdict ladder_verdict_of(const ladder *const runs[], int n, uint64_t asked);

#endif
