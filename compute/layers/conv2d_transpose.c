/* conv2d_transpose.c - the way back through a convolution: images grow by its stride
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Its forward pass is the gradient of a convolution's input, its input's gradient that one's
 * forward pass (compute/math/conv.h).
 */
#include "compute/layers/conv.h"
#include "compute/math/bias.h"
#include "compute/math/slide.h"

typedef struct conv2d_transpose {
    dp_slide_params window;
    dp_ints output_padding;
    int64_t out_channels, group;
    bool has_bias;
    dp_conv conv; /* from this layer's output to its input */
} conv2d_transpose;

static const dp_param params[] = {
    DP_INT(conv2d_transpose, out_channels, NULL, 1, 65536, "channels of the output"),
    DP_INTS(dp_slide_params, kernel_size, NULL, 1, DP_MAX_KERNEL,
            "height,width; one number for a square"),
    DP_INTS(dp_slide_params, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(dp_slide_params, pad_mode, "same", DP_PAD_MODES,
              "what is cut off the output; same: it is stride times the input"),
    DP_INTS(dp_slide_params, padding, "0", 0, DP_MAX_KERNEL,
            "of pad_mode=pad: all sides, or top,bottom,left,right"),
    DP_INTS(conv2d_transpose, output_padding, "0", 0, DP_MAX_KERNEL,
            "of pad_mode=pad: more lines below,right; one number for both"),
    DP_INTS(dp_slide_params, dilation, "1", 1, DP_MAX_KERNEL,
            "height,width from one tap to the next; one number for both"),
    DP_INT(conv2d_transpose, group, "1", 1, 65536,
           "the channels are cut into so many groups that do not see each other"),
    DP_BOOLEAN(conv2d_transpose, has_bias, "false", "add a number to each channel"),
    DP_PARAMS_END,
};

static int64_t item(const dp_ints *list, int d) { return list->v[list->n == 2 ? d : 0]; }

/* Lines of the output along axis d. */
static int64_t grown(const conv2d_transpose *p, int d, int64_t size)
{
    const dp_slide_params *w = &p->window;
    const int64_t stride = item(&w->stride, d),
                  reach = (item(&w->kernel_size, d) - 1) * item(&w->dilation, d) + 1;
    const bool sides = w->padding.n == 4;

    if (w->pad_mode == DP_PAD_SAME)
        return size * stride;
    return (size - 1) * stride + reach - w->padding.v[sides ? 2 * d : 0] -
           w->padding.v[sides ? 2 * d + 1 : 0] + item(&p->output_padding, d);
}

static dp_status check_output_padding(const conv2d_transpose *p, dp_error *err)
{
    if (p->output_padding.n > 2)
        return dp_fail(err, DP_ESPEC, "output_padding takes one number or height,width");
    for (int d = 0; d < 2; d++) {
        if (item(&p->output_padding, d) == 0)
            continue;
        if (p->window.pad_mode != DP_PAD_EXPLICIT)
            return dp_fail(err, DP_ESPEC, "output_padding is for pad_mode=pad only");
        if (item(&p->output_padding, d) >= item(&p->window.stride, d))
            return dp_fail(err, DP_ESPEC, "output_padding is less than stride");
    }
    return DP_OK;
}

/* The convolution whose output is this layer's input. */
static dp_status fit(conv2d_transpose *p, const dp_extent *in, dp_extent *out, dp_error *err)
{
    dp_slide s;
    dp_status status = check_output_padding(p, err);

    if (status != DP_OK)
        return status;
    *out = (dp_extent){p->out_channels, grown(p, 0, in->height), grown(p, 1, in->width)};
    if (out->height < 1 || out->width < 1)
        return dp_fail(err, DP_ESPEC, "padding leaves nothing of the output");
    status = dp_slide_plan(&p->window, out, &s, err);
    if (status == DP_OK)
        p->conv = dp_conv_of(out, in->channels, p->group, &s);
    return status;
}

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    conv2d_transpose *p = params_;
    dp_status status = dp_conv_check_groups(p->group, plan->in.channels, p->out_channels, err);

    if (status != DP_OK)
        return status;
    status = fit(p, &plan->in, &plan->out, err);
    if (status != DP_OK)
        return status;
    dp_conv_plan_layer(&p->conv, p->out_channels, p->has_bias, plan);
    return DP_OK;
}

static void forward(const void *params_, const dp_layer_run *r)
{
    const conv2d_transpose *p = params_;
    const int64_t places = r->out.height * r->out.width;

    dp_conv_input_gradient(&p->conv, &r->math, r->x, r->w[0], r->y, p->has_bias ? NULL : &r->y_op);
    if (!p->has_bias)
        return;
    dp_bias_add(&r->math, places, p->out_channels, r->w[1], r->y);
    dp_post_op_run_all(&r->y_op, &r->math, dp_extent_size(&r->out));
}

static void backward(const void *params_, const dp_layer_run *r)
{
    const conv2d_transpose *p = params_;

    for (int64_t i = 0; i < r->share->n_parts; i++) {
        const dp_math_part part = dp_math_part_of(&r->math, r->share, i);
        dp_conv_weight_gradient(&p->conv, &part.run, r->dy + part.first * dp_extent_size(&r->out),
                                r->x + part.first * dp_extent_size(&r->in),
                                r->dw[0] + i * r->part_stride);
    }
    if (p->has_bias)
        dp_bias_gradient(&r->math, r->share, r->out.height * r->out.width, p->out_channels, r->dy,
                         r->dw[1]);
    if (r->dx != NULL)
        dp_conv_forward(&p->conv, &r->math, r->dy, r->w[0], NULL, r->dx, &r->dx_op);
}

const dp_layer dp_layer_conv2d_transpose = {
    .info = {"layer", "conv2d_transpose", "the way back through a convolution", 1,
             sizeof(conv2d_transpose), params},
    .prefix = "conv_transpose",
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
