/* batch.h - how the batch of a step is cut, and what the loss takes of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_BATCH_H
#define COMPUTE_NET_BATCH_H

#include "compute/net/build.h"

/* In how many small batches a batch of so many samples is made, and in how many it was meant to. */
int64_t dp_net_small_batches(const dp_net *, int64_t batch);
int64_t dp_net_accumulates(const dp_net *);

/* How the batch is cut, and this rank's samples of it; without a loss there is no batch. */
dp_status dp_net_plan_batch(dp_net_builder *);

/* What the loss takes: a row of classes for each sample, or for each place. */
dp_status dp_net_plan_rows(dp_net_builder *);

#endif
