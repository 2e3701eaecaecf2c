/* pool.c - what the pools share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/pool.h"

const dp_param dp_pool_params[] = {
    DP_INTS(dp_slide_params, kernel_size, NULL, 1, DP_MAX_KERNEL,
            "height,width; one number for a square"),
    DP_INTS(dp_slide_params, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(dp_slide_params, pad_mode, "valid", "valid,same",
              "whether windows may reach past the image"),
    DP_PARAMS_END,
};

dp_status dp_pool_plan(void *params, dp_layer_plan *plan, dp_error *err)
{
    dp_pool *p = params;
    const dp_status status = dp_slide_plan(&p->window, &plan->in, &p->slide, err);

    if (status == DP_OK)
        plan->out = (dp_extent){plan->in.channels, p->slide.out[0], p->slide.out[1]};
    return status;
}
