/* memory.h - what a net takes: held against the limit, then made
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_MEMORY_H
#define COMPUTE_NET_MEMORY_H

#include "compute/net/build.h"

/* [a][b] of the net's arena, or NULL. */
float *dp_net_floats(dp_net *, int64_t a, int64_t b);

/* Adds the unit to what those before it take.  DP_ELIMIT before anything is taken: so that a text
 * of a line cannot fill the memory of a machine. */
dp_status dp_net_check_size(dp_net_builder *, const dp_unit *, const dp_layer_plan *);

/* What was planned: the outputs of the units, and their parameters. */
dp_status dp_net_make_units(dp_net_builder *);

/* What is known of the rows of a batch: labels or targets, and losses. */
dp_status dp_net_make_rows(dp_net_builder *);

#endif
