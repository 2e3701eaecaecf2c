/* verify_report.h - what detpipe verify -- COMMAND says of its runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_VERIFY_REPORT_H
#define TOOLS_PROOF_VERIFY_REPORT_H

#include "tools/proof/program.h"
#include "tools/proof/verdict.h"

typedef struct verify_settings {
    const char *loss, *vary, *output;
    uint64_t runs, timeout, most; /* most: bytes that a run may print */
    cli_list files;
    const char *why;  /* how much is recorded; NULL = nothing */
    const char *page; /* of it; NULL = none is written */
    bool json, allclose, sensitivity, strict, causes;
} verify_settings;

/* The runs to compare, then those that look for the cause. */
typedef struct verify_trial {
    program program;
    uint32_t vary;
    char folder[PROGRAM_PATH];
    program_run run[VERDICT_ROOM];
    leftovers left; /* by run 1 for run 2 */
    int n;
    int tried;         /* runs, with those that look for the cause */
    bool named;        /* the folder stays: where there is something to look at */
    bool without;      /* differs without any variation */
    uint32_t causes;   /* variations that alone make it differ */
    uint32_t fixes;    /* pins that make the runs equal */
    char closer[1600]; /* what a second look at the ledgers shows; "" = there was none */
    char cause[1600];  /* what is known of it, in sentences; "" = it was not looked for */
} verify_trial;

void verify_report_text(const verify_trial *, const printed_verdict *);
/* 0, or the exit status when out of memory. */
int verify_report_json(const verify_trial *, const printed_verdict *);

#endif
