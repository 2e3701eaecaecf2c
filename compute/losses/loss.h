/* loss.h - what a loss is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LOSSES_LOSS_H
#define COMPUTE_LOSSES_LOSS_H

#include "compute/losses/rows.h"
#include "lang/stage.h"

/* A row is what has a label: a sample, or each place of one, (sample, place) ascending.  The loss
 * of the batch is TREE over leaves of SEQ64 of the rows' losses, / total, rounded. */
typedef struct dp_loss_run {
    int64_t total, classes; /* total: rows of the batch */
    const float *x;
    const int64_t *labels; /* 0 <= label < classes */
    float *dx;             /* NULL = forward only */
    double *row_loss;      /* [rows] */
    const void *params;
    const float *targets; /* in place of labels, what each number of x should be; or NULL */
} dp_loss_run;

typedef struct dp_loss {
    dp_stage_info info;
    bool takes_targets; /* and labels; not of places */
    /* Called for each of this rank's rows, from several threads. */
    void (*row)(const dp_loss_run *, int64_t row);
} dp_loss;

/* What number j of row i should be: of a label 1 in its place. */
static inline double dp_loss_target(const dp_loss_run *r, int64_t i, int64_t j)
{
    return r->targets != NULL ? (double)r->targets[i * r->classes + j]
                              : (double)(j == r->labels[i]);
}

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_loss *dp_loss_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "loss") ? (const dp_loss *)info : NULL;
}

extern const dp_loss *const dp_losses[]; /* ends with NULL */

#endif
