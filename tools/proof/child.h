/* child.h - a command in a process of its own, and all that it starts
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every run of verify is one: somebody's trainer, a recipe, mpirun with its ranks.  Between verify
 * and the command stands a keeper, a process that adopts whatever the command leaves (daemons and
 * what began a session of its own) and ends all of it: when the run is over, when verify is told to
 * end, and when verify is killed.
 */
#ifndef TOOLS_PROOF_CHILD_H
#define TOOLS_PROOF_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CHILD_TEXT 4200
#define CHILD_SEEN 128

typedef enum child_end {
    CHILD_LOST,        /* nobody knows: its keeper was killed */
    CHILD_UNSTARTED,   /* why: what failed */
    CHILD_ENDED,       /* status */
    CHILD_TIMED_OUT,   /* and was ended, as in the rows below */
    CHILD_INTERRUPTED, /* signal: that verify was sent */
    CHILD_STOPPED,     /* signal: SIGTTIN or SIGTTOU, it wants the terminal */
    CHILD_FLOODED,     /* it printed more than `most` bytes on one stream */
    CHILD_UNWRITTEN    /* why: what it printed cannot be kept */
} child_end;

/* What became of it; the keeper and the command write it, so it lies in shared memory. */
typedef struct child_result {
    child_end end;
    int status, signal;
    time_t ended; /* when */
    double seconds;
    unsigned left;      /* processes that outlived the command and were ended */
    char left_name[32]; /* of one of them */
    char why[CHILD_TEXT];
    char note[CHILD_TEXT]; /* for the caller's become() */
    unsigned seen;         /* for the caller's look() */
    char seen_text[CHILD_SEEN];
} child_result;

typedef struct child {
    /* In the process that is to be the command; returns only when it cannot, errno says why not and
     * `why` what. */
    void (*become)(const void *ctx, child_result *);
    /* Several times a second, in the process that is above all that the command starts; NULL. */
    void (*look)(void *ctx, child_result *);
    void *ctx;
    int out, err;     /* files for what it prints, -1 = where ours goes */
    uint64_t most;    /* bytes of each of them */
    uint64_t timeout; /* seconds, 0 = as long as it takes */
    time_t after;     /* it begins in another second than this one */
} child;

/* Runs it in a process group of its own, with an empty input, until it and everything that can
 * still print has ended; what else it left is ended.  SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM,
 * SIGUSR1, SIGUSR2 and SIGPIPE end it, SIGTSTP stops it as long as verify is stopped. */
void child_run(const child *, child_result *);

/* The signals that end a run; and what they do between runs. */
sigset_t child_ends(void);
void child_on_ends(void (*handler)(int));

#endif
