/* ladder_report.h - what detpipe verify says of its runs of a recipe
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_LADDER_REPORT_H
#define TOOLS_PROOF_LADDER_REPORT_H

#include "tools/proof/runs.h"
#include "tools/proof/verdict.h"

typedef struct ladder_report {
    const char *recipe;
    bool trained; /* the recipe has a net: steps, not batches */
    recipe_run run[VERDICT_MOST_RUNS];
    int n;
    ladder_verdict verdict;
    char sensitivity[GROWTH_TEXT]; /* "" = not asked for */
} ladder_report;

void ladder_report_text(const ladder_report *);
/* 0, or the exit status when out of memory. */
int ladder_report_json(const ladder_report *);

#endif
