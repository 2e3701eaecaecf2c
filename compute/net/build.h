/* build.h - a net on its way from its text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_BUILD_H
#define COMPUTE_NET_BUILD_H

#include "compute/net/net.h"

/* name=, from= and tied= of a stage, or NULL. */
typedef struct dp_net_link {
    const dp_text_arg *name, *from, *tied;
} dp_net_link;

/* What is known of the text, by stage, and of the units, until the net is made. */
typedef struct dp_net_builder {
    dp_net *net;
    dp_text text;
    const dp_stage_info **infos;
    void **params;
    dp_net_link *links;
    dp_layer_plan *plans; /* of the units */
    dp_error *err;
    size_t workspace;
    uint64_t bytes; /* that the units planned so far take at least */
    int64_t width;  /* of the widest sum over the batch */
} dp_net_builder;

/* A failure points at stage i of the text, or at the one whose parameters these are. */
dp_status dp_net_at_stage(const dp_net_builder *, uint32_t i, dp_status);
dp_status dp_net_at_params(const dp_net_builder *, const void *params, dp_status);

#endif
