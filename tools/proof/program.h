/* program.h - a run of somebody's training command
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_PROGRAM_H
#define TOOLS_PROOF_PROGRAM_H

#include <time.h>

#include "tools/losses/losses.h"
#include "tools/proof/hidden.h"
#include "tools/proof/perturb.h"
#include "tools/proof/why.h"
#include "tools/results/results.h"

typedef struct program {
    char *const *argv;   /* ends with NULL */
    const char *regex;   /* of its losses, or NULL */
    const char *folder;  /* for what it prints: an absolute path */
    uint64_t timeout;    /* seconds, 0 = as long as it takes */
    uint64_t most;       /* bytes that it may print on one stream */
    cli_list files;      /* patterns of files that it writes */
    int kept;            /* runs of up to this number have copies of them */
    const written *left; /* by run 1, for --vary left */
    bool why;            /* runs record ledgers (why.h) */
    why_how how;         /* so much in each */
    time_t last;         /* the second in which the last run ended: none begins in it */
} program;

#define PROGRAM_PATH 4096
#define PROGRAM_TEXT 5000
typedef struct program_run {
    int number;
    perturb_plan plan;
    struct timespec begun; /* files that it writes are not older */
    double seconds;
    char out[PROGRAM_PATH], err[PROGRAM_PATH]; /* files of what it printed */
    char note[PROGRAM_TEXT];                   /* what the plan could not do, or did otherwise */
    char why[PROGRAM_TEXT];                    /* it failed */
    bool interrupted;                          /* and so is the whole trial */
    losses losses;
    results results;
    why_run recorded;               /* where p->why */
    unsigned hidden;                /* processes that may train and were not recorded (hidden.h) */
    char hidden_first[HIDDEN_TEXT]; /* the command of one */
} program_run;

/* Runs it without input, not in the second in which the last run ended, and finds its losses and
 * the files that it wrote.  0, or the exit status, and `why` there is nothing to compare: it
 * cannot be started, failed, was ended by a signal, the time-out, the limit of what it may print
 * or Ctrl-C, wants the terminal, printed no loss
 * and wrote no file. */
int program_start(program *, program_run *);
void program_free(program_run *);

/* The working directory that the run had of its own (--vary cwd, left); false: it had none. */
bool program_cwd(const program *, const program_run *, char path[PROGRAM_PATH]);

/* Removes a folder with all that is in it; links are removed, not followed.  false: something is
 * left, errno says why. */
bool program_remove(const char *path);

#endif
