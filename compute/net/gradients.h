/* gradients.h - where the gradients of a net are, and what small batches leave of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_GRADIENTS_H
#define COMPUTE_NET_GRADIENTS_H

#include "compute/net/build.h"

#define DP_LOSS_SUMS 2 /* over the batch: of the losses, and how many are correct */

/* Those that are sums over the batch in buckets, which ranks share; the others are there. */
dp_status dp_net_plan_gradients(dp_net_builder *);

#endif
