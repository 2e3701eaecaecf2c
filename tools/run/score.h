/* score.h - a net measured with test data
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_SCORE_H
#define TOOLS_RUN_SCORE_H

#include "tools/run/session.h"

typedef struct score {
    uint64_t samples, labels, correct;
    double loss;  /* of all labels, added up batch by batch */
    bool targets; /* the labels are floats: none is right or wrong */
} score;

/* Whether the data have an end: 0, or the exit status. */
int score_check(const session *);
/* The session's net on all batches of its data, from the first one on.  0, or the
 * exit status after saying why not. */
int score_measure(session *, const char *command, score *);

double score_loss(const score *); /* the mean */
/* The share of labels that are the largest output, with so many digits; "null" (JSON) or "-" of
 * targets. */
typedef struct score_text {
    char text[24];
} score_text;
score_text score_share(const score *, int digits, bool json);

/* Adds what a step or an eval says of the session's batch. */
void score_add(score *, const session *, const dp_net_result *);

#endif
