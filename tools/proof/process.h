/* process.h - what the system says of a process
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_PROCESS_H
#define TOOLS_PROOF_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct process {
    pid_t pid, parent;
    unsigned long long start; /* in ticks since the machine began: a pid may come again */
    char name[32];
} process;

/* false: it has ended. */
bool process_look(pid_t pid, process *out);

#endif
