/* evidence.h - how much the equality of printed losses, files and ledgers says
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_EVIDENCE_H
#define TOOLS_PROOF_EVIDENCE_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "tools/compare/closeness.h"
#include "tools/losses/losses.h"
#include "tools/proof/leftovers.h"
#include "tools/proof/why.h"
#include "tools/results/results.h"

/* What run 1 and all others show; where they are unlike, what the pair that shows least does. */
typedef struct evidence {
    const losses *first;   /* run 1 */
    const leftovers *left; /* what it left for run 2; NULL: nothing ran here */
    size_t compared;       /* losses that both printed */
    size_t finite;         /* of these */
    size_t late;           /* series that begin at a later step of a bar in one run */
    size_t missing;        /* that one run alone printed, as a bar does when there is time */
    size_t files;          /* that all runs wrote, equal or not */
    uint64_t bytes;        /* in these */
    size_t ledgers;        /* likewise; SIZE_MAX: none were asked for */
    uint64_t steps;        /* in these, of both runs */
    uint64_t entries;      /* in these */
    why_unseen unseen;     /* what is in no ledger */
    size_t open;           /* ledgers that no process closed */
    int digits;            /* significant ones of the series that has most */
    bool means;            /* every series is a running mean */
    bool unnamed;          /* no series has a name */
    closeness close;       /* the first two of each series */
} evidence;

evidence evidence_of(const losses *first, const leftovers *);
void evidence_add(evidence *, const losses *other, const losses_comparison *);
void evidence_add_files(evidence *, const results_comparison *);
void evidence_add_ledgers(evidence *, const why_run *a, const why_run *b, const why_comparison *);
void evidence_free(evidence *);

/* Nothing finite, no file and no entry of a ledger was compared: equality says nothing. */
bool evidence_is_none(const evidence *);
/* "1 loss, 3 digits"; "" where the evidence is not weak: two losses and more, 7 digits and more,
 * no running means, not all NaN or infinite; or files or ledgers, in which all digits are; and run
 * 2 read nothing that run 1 left, and each process closed its ledger. */
#define EVIDENCE_TEXT 400
void evidence_weakness(const evidence *, char out[EVIDENCE_TEXT]);

/* The lines of a report, and the same as a member "evidence". */
void evidence_print(FILE *, const evidence *);
void evidence_to_json(const evidence *, cJSON *);

/* Why there is nothing: the first lines that have numbers, and a --loss for most of them. */
void evidence_print_none(FILE *, const losses *);

#endif
