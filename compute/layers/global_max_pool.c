/* global_max_pool.c - the largest value of each channel
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * max_pool with one window, which is the image.
 */
#include "compute/layers/max_pool.h"

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    dp_pool *p = params_;

    p->window.kernel_size = (dp_ints){.n = 2, .v = {plan->in.height, plan->in.width}};
    return dp_max_pool_plan(p, plan, err);
}

const dp_layer dp_layer_global_max_pool = {
    .info = {"layer", "global_max_pool", "the largest value of each channel, of all places", 1,
             sizeof(dp_pool), dp_no_params},
    .prefix = "global_max_pool",
    .plan = plan,
    .forward_sample = dp_max_pool_forward,
    .backward_sample = dp_max_pool_backward,
};
