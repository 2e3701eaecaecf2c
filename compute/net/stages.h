/* stages.h - the stages of a net's text: found, in their places, and printed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_STAGES_H
#define COMPUTE_NET_STAGES_H

#include "compute/net/build.h"

/* Finds and binds the stages; the net's input, init, loss and optimizer are those of the text. */
dp_status dp_net_read(dp_net_builder *, const char *text);

/* Writes the canonical text. */
dp_status dp_net_print(dp_net_builder *);

#endif
