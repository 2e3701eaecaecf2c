/* ranks.h - a command that mpirun or srun started on several ranks
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_RANKS_H
#define TOOLS_RUN_RANKS_H

#include "detpipe_mpi.h"
#include "tools/cli/cli.h"

/* For commands that may be one of several ranks. */
#define RANKS_TIMEOUT 60 /* seconds */
#define RANKS_OPTION(seconds)                                                                      \
    {                                                                                              \
        "rank-timeout", "SECONDS",                                                                 \
            "wait so long for other ranks, then say which and end (default: 60, 0: for ever)",     \
            CLI_COUNT, &(seconds)                                                                  \
    }

/* NULL when this process was started alone.  0, or the exit status after saying why: the others
 * have not joined in `timeout` seconds.  It also bounds every later wait for them. */
int ranks_join(dp_group **, uint64_t timeout);

/* How many a launcher started, as it says; 1: there is none. */
unsigned long ranks_started(void);
/* Takes the launcher's variables out of the environment: what is begun here is begun alone. */
void ranks_forget(void);

/* Rank 0 prints and writes; a process alone does. */
bool ranks_leads(const dp_group *);

/* Ends a command; the others do not wait for a rank that failed. */
int ranks_leave(dp_group *, int status);

/* The words that start `program` on so many ranks, before its own arguments; how many there are. */
#define RANKS_MAX_WORDS 8
int ranks_command(const char *argv[RANKS_MAX_WORDS], const char *ranks, const char *program);

#endif
