/* loss.h - what a loss is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LOSSES_LOSS_H
#define COMPUTE_LOSSES_LOSS_H

#include "base/status.h"
#include "lang/stage.h"

/* What every loss's parameters begin with. */
typedef struct dp_loss_rows {
    int64_t leaf_size; /* samples of a leaf */
    int32_t per;
} dp_loss_rows;

/* What has a label: a sample, or each place of it. */
enum { DP_PER_SAMPLE, DP_PER_PLACE };

/* Their rows of a table. */
/* clang-format off */
#define DP_LOSS_ROWS(owner)                                                                        \
    {"leaf_size", DP_PARAM_INT, offsetof(owner, rows.leaf_size), "4", 1, 65536, NULL,              \
     "samples of a leaf of every sum over the batch: a power of two"},                             \
    {"per", DP_PARAM_CHOICE, DP_LATER | offsetof(owner, rows.per), "sample", 0, 0, "sample,place", \
     "what has a label: a sample, or each place of it"}
/* clang-format on */

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

/* Whether n samples can be cut so. */
dp_status dp_loss_check(const dp_loss_rows *, int64_t n, dp_error *);

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_loss *dp_loss_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "loss") ? (const dp_loss *)info : NULL;
}

extern const dp_loss *const dp_losses[]; /* ends with NULL */

#endif
