/* units.h - the layers of a net's text: which reads which, and what each makes of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_UNITS_H
#define COMPUTE_NET_UNITS_H

#include "compute/net/build.h"

/* Which unit reads which, before anything is planned. */
dp_status dp_net_link_units(dp_net_builder *);

/* The shapes, weights and memory of each, within the limit (memory.h). */
dp_status dp_net_plan_units(dp_net_builder *);

/* The type of a weight. */
dp_tensor dp_net_weight_tensor(const dp_weight *);

#endif
