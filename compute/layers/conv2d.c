/* conv2d.c - convolution over an image
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/conv.h"
#include "compute/math/bias.h"
#include "compute/math/filtering.h"
#include "compute/math/slide.h"

typedef struct conv2d {
    dp_slide_params window;
    int64_t out_channels, group;
    int32_t algorithm;
    bool has_bias;
    dp_conv conv;
} conv2d;

static const dp_param params[] = {
    DP_INT(conv2d, out_channels, NULL, 1, 65536, "channels of the output"),
    DP_INTS(dp_slide_params, kernel_size, NULL, 1, DP_MAX_KERNEL,
            "height,width; one number for a square"),
    DP_INTS(dp_slide_params, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(dp_slide_params, pad_mode, "same", DP_PAD_MODES, "zeros around the image"),
    DP_INTS(dp_slide_params, padding, "0", 0, DP_MAX_KERNEL,
            "of pad_mode=pad: all sides, or top,bottom,left,right"),
    DP_INTS(dp_slide_params, dilation, "1", 1, DP_MAX_KERNEL,
            "height,width from one tap to the next; one number for both"),
    DP_INT(conv2d, group, "1", 1, 65536,
           "the channels are cut into so many groups that do not see each other"),
    DP_BOOLEAN(conv2d, has_bias, "false", "add a number to each channel"),
    DP_LATER_CHOICE(conv2d, algorithm, "direct", DP_ALGORITHMS,
                    "how it is computed, each with bits of its own: docs/numerics.md"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    conv2d *p = params_;
    dp_slide s;
    dp_status status = dp_slide_plan(&p->window, &plan->in, &s, err);

    if (status != DP_OK)
        return status;
    status = dp_conv_check_groups(p->group, plan->in.channels, p->out_channels, err);
    if (status != DP_OK)
        return status;
    p->conv = dp_conv_of(&plan->in, p->out_channels, p->group, &s);
    status = dp_filtering_choose(&p->conv, &p->algorithm, err);
    if (status != DP_OK)
        return status;
    plan->out = (dp_extent){p->out_channels, s.out[0], s.out[1]};
    dp_conv_plan_layer(&p->conv, p->conv.oc, p->has_bias, plan);
    return DP_OK;
}

static void forward(const void *params_, const dp_layer_run *r)
{
    const conv2d *p = params_;

    dp_conv_forward(&p->conv, &r->math, r->x, r->w[0], p->has_bias ? r->w[1] : NULL, r->y,
                    &r->y_op);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    const conv2d *p = params_;

    for (int64_t i = 0; i < r->share->n_parts; i++) {
        const dp_math_part part = dp_math_part_of(&r->math, r->share, i);
        dp_conv_weight_gradient(&p->conv, &part.run, r->x + part.first * dp_extent_size(&r->in),
                                r->dy + part.first * dp_extent_size(&r->out),
                                r->dw[0] + i * r->part_stride);
    }
    if (p->has_bias)
        dp_bias_gradient(&r->math, r->share, p->conv.oh * p->conv.ow, p->conv.oc, r->dy, r->dw[1]);
    if (r->dx != NULL)
        dp_conv_input_gradient(&p->conv, &r->math, r->dy, r->w[0], r->dx, &r->dx_op);
}

const dp_layer dp_layer_conv2d = {
    .info = {"layer", "conv2d", "convolution over an image", 1, sizeof(conv2d), params},
    .prefix = "conv",
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
