/* loss_step.h - the step of training that a printed line is about
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSS_STEP_H
#define TOOLS_LOSS_STEP_H

#include <stdbool.h>
#include <stddef.h>

#define LOSS_STEPS 4
/* From the outermost: epoch 2, step 3 of 10 is {2, 3}. */
typedef struct loss_step {
    double at[LOSS_STEPS];
    int n;      /* 0 = the line names none */
    double of;  /* the last counts up to this; 0 = not said */
    bool epoch; /* the first is one of the epoch */
} loss_step;

/* Reads 3/10, step 3, iter=3, epoch 2, [0][3/391], [0], {"step": 3}, 3: at the begin, 10%|. */
loss_step loss_step_of(const char *line);

/* Puts an epoch that an earlier line named before it. */
void loss_step_within(loss_step *, double epoch);

/* <0, 0, >0 as by numbers; a step that is not named is before all others. */
int loss_step_order(const loss_step *, const loss_step *);

/* "2:3", "" where none is named */
#define LOSS_STEP_TEXT 80
void loss_step_text(const loss_step *, char out[LOSS_STEP_TEXT]);

#endif
