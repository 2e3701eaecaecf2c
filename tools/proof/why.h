/* why.h - verify --why: each run records a ledger by itself, and the ledgers are compared
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The Python of a run finds a sitecustomize of ours first.  Once the run has imported PyTorch, that
 * has detpipe.torch.Ledger record what is trained; nothing of the command is changed.
 */
#ifndef TOOLS_PROOF_WHY_H
#define TOOLS_PROOF_WHY_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/results/results.h"

/* Before the first run, in the folder of the trial.  0, or the exit status after saying why. */
int why_prepare(const char *folder);

/* In the process that will be run number `number`; false: errno says why not. */
bool why_apply(const char *folder, int number);

/* Behind the run: its ledgers are results that it wrote, "ledger of rank 0".  How its process was
 * unlike that of run 1 goes into note.  0, or EXIT_NOT_TRIED, and `why` there is none. */
int why_take(const char *folder, int number, results *, char *note, size_t note_size,
             char why[RESULTS_TEXT]);

/* Whether it is a ledger that why_take added. */
bool why_is_ledger(const result_pair *);

#endif
