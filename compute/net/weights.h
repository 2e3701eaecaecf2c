/* weights.h - initial weights from another program's file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_WEIGHTS_H
#define COMPUTE_NET_WEIGHTS_H

#include "compute/net/net.h"

/* Exactly the net's parameters, float32, of any archive; step and moments begin at 0.  Strict:
 * DP_ESTATE names what is missing, extra or of another type or shape (options.log gets a line for
 * each), and nothing is changed. */
dp_status dp_net_load_weights(dp_net *, const char *path, dp_error *);

#endif
