/* loss.h - what a loss is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LOSSES_LOSS_H
#define COMPUTE_LOSSES_LOSS_H

#include "base/status.h"
#include "lang/stage.h"

/* A row is what has a label: a sample, or each place of one, (sample, place) ascending.  The loss
 * of the batch is TREE over leaves of SEQ64 of the rows' losses, / total, rounded. */
typedef struct dp_loss_run {
    int64_t total, classes; /* total: rows of the batch */
    const float *x;
    const int64_t *labels; /* 0 <= label < classes */
    float *dx;             /* NULL = forward only */
    double *row_loss;      /* [rows] */
} dp_loss_run;

typedef struct dp_loss_plan {
    int64_t leaf;   /* samples of a leaf */
    bool per_place; /* rows are places, not samples */
} dp_loss_plan;

typedef struct dp_loss {
    dp_stage_info info;
    dp_status (*plan)(const void *params, int64_t n, dp_loss_plan *, dp_error *); /* n samples */
    /* Called for each of this rank's rows, from several threads. */
    void (*row)(const dp_loss_run *, int64_t row);
} dp_loss;

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_loss *dp_loss_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "loss") ? (const dp_loss *)info : NULL;
}

extern const dp_loss *const dp_losses[]; /* ends with NULL */

#endif
