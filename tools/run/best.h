/* best.h - a training that is tested on its way: the best test so far, and when to stop
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_BEST_H
#define TOOLS_RUN_BEST_H

#include "tools/run/score.h"

typedef struct best {
    uint64_t every;    /* steps; 0 = no tests */
    uint64_t patience; /* tests that may be no better, one after the other; 0 = all */
    const char *path;  /* where the best is saved; NULL = nowhere */
    bool json;
    session test;
    uint64_t step, misses; /* of the best test; tests since then */
    double loss;           /* of the best test */
    score last;
    bool tested, better, stops; /* the step that was just done */
} best;

/* Opens the recipe's test data beside the training, and takes up where session.best was left.  0,
 * or the exit status after saying why not. */
int best_open(best *, const session *);
/* Behind a step of the training: tests it, where it is its turn, prints the test, and notes the
 * best in session.best. */
int best_take(best *, session *, uint64_t step);
/* Then saves it, if it is better and has a path. */
int best_save(const best *, const session *);
void best_close(best *);

#endif
