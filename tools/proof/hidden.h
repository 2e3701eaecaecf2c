/* hidden.h - verify --why: processes of a run that may train where nobody sees it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A process is recorded by what its environment has (why.h).  One that a script gave another
 * environment (env -i, subprocess with env={}, PYTHONPATH=src python), or whose Python looks at
 * none (-I, -E, -S), is seen from outside: it has a framework's library in its memory.
 */
#ifndef TOOLS_PROOF_HIDDEN_H
#define TOOLS_PROOF_HIDDEN_H

#include <stddef.h>

#include "tools/proof/process.h"

#define HIDDEN_MOST 64 /* that are told apart */
#define HIDDEN_TEXT 64

typedef struct hidden {
    const char *folder; /* what DETPIPE_WHY should be */
    const char *path;   /* a folder that PYTHONPATH should have */
    process found[HIDDEN_MOST];
    size_t n;
    char first[HIDDEN_TEXT]; /* the command of one, printable */
} hidden;

/* Looks once at all that `above` started, and adds those that are new. */
void hidden_look(hidden *, pid_t above);

#endif
