/* rows.h - how losses cut a batch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LOSSES_ROWS_H
#define COMPUTE_LOSSES_ROWS_H

#include "base/status.h"
#include "lang/params.h"

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

/* Whether n samples can be cut so. */
dp_status dp_loss_check(const dp_loss_rows *, int64_t n, dp_error *);

#endif
