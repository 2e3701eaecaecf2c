/* causes.h - why two runs of one command are not alike
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_CAUSES_H
#define TOOLS_PROOF_CAUSES_H

#include "tools/proof/verify_report.h"

/* Fills `without`, `causes`, `fixes` and `cause` of a trial whose runs differ, by more runs: one
 * that nothing varies; when that one is as run 1, one with each variation alone, and with each
 * setting of those that make the runs differ; else eight with each thing held fast.  A search that
 * is interrupted says so there. */
void causes_find(verify_trial *);

/* One more run; 0, or the exit status, with `why`.  Where the command fails under faketime it is
 * run once more with its own clock. */
int causes_run(verify_trial *, program_run *);

#endif
