/* global_avg_pool.c - the mean of each channel
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * avg_pool with one window, which is the image.
 */
#include "compute/layers/avg_pool.h"

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    dp_pool *p = params_;

    p->window.kernel_size = (dp_ints){.n = 2, .v = {plan->in.height, plan->in.width}};
    return dp_pool_plan(p, plan, err);
}

const dp_layer dp_layer_global_avg_pool = {
    .info = {"layer", "global_avg_pool", "the mean of each channel, over all places", 1,
             sizeof(dp_pool), dp_no_params},
    .prefix = "global_avg_pool",
    .plan = plan,
    .forward_sample = dp_avg_pool_forward,
    .backward_sample = dp_avg_pool_backward,
};
