/* step.h - the step of training that a printed line is about
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_STEP_H
#define TOOLS_LOSSES_STEP_H

#include <stdbool.h>
#include <stddef.h>

#define LOSS_STEPS 4
/* From the outermost: epoch 2, step 3 of 10 is {2, 3}. */
typedef struct loss_step {
    double at[LOSS_STEPS];
    int n;          /* 0 = the line names none */
    double of;      /* the last counts up to this; 0 = not said */
    bool epoch;     /* the first is one of the epoch */
    bool share;     /* of 100 %, and no count */
    unsigned guess; /* bits of those that no word names, [7] and 7: at the begin: or a process */
} loss_step;

/* Reads 3/10, step 3, iter=3, epoch 2, [0][3/391], [0], {"step": 3}, 3: at the begin, 10%|. */
loss_step loss_step_of(const char *line);

/* Those that text names, behind the others. */
void loss_step_add(loss_step *, const char *text);

/* The first that no word names; false where there is none. */
bool loss_step_guess(const loss_step *, double *);
/* Without those. */
void loss_step_forget(loss_step *);

/* Whether it is the first iteration of training, as far as it says: no epoch, no share. */
bool loss_step_is_first(const loss_step *);
/* Whether second is the iteration behind it. */
bool loss_step_is_next(const loss_step *first, const loss_step *second);

/* Puts an epoch that an earlier line named before it. */
void loss_step_within(loss_step *, double epoch);

/* <0, 0, >0 as by numbers; a step that is not named is before all others. */
int loss_step_order(const loss_step *, const loss_step *);

/* "2:3", "" where none is named */
#define LOSS_STEP_TEXT 80
void loss_step_text(const loss_step *, char out[LOSS_STEP_TEXT]);

#endif
