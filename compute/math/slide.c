/* slide.c - kernels that slide over an image: size, stride and padding of convolution and pooling
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/slide.h"

#include "base/status.h"

static dp_status check_pair(const char *name, const dp_ints *list, dp_error *err)
{
    return list->n <= 2 ? DP_OK
                        : dp_fail(err, DP_ESPEC, "%s takes one number or height,width", name);
}

static dp_status check_lists(const dp_slide_params *w, dp_error *err)
{
    dp_status status = check_pair("kernel_size", &w->kernel_size, err);

    if (status == DP_OK)
        status = check_pair("stride", &w->stride, err);
    if (status == DP_OK)
        status = check_pair("dilation", &w->dilation, err);
    if (status == DP_OK && w->padding.n > 1 && w->padding.n != 4)
        status = dp_fail(err, DP_ESPEC, "padding takes one number or top,bottom,left,right");
    for (int32_t i = 0; status == DP_OK && w->pad_mode != DP_PAD_EXPLICIT && i < w->padding.n;
         i++) {
        if (w->padding.v[i] != 0)
            status = dp_fail(err, DP_ESPEC, "padding is for pad_mode=pad only");
    }
    return status;
}

/* The number for an axis; 1 where there is no list. */
static int64_t item(const dp_ints *list, int d)
{
    return list->n == 0 ? 1 : list->v[list->n == 2 ? d : 0];
}

dp_status dp_slide_plan(const dp_slide_params *w, const dp_extent *in, dp_slide *s, dp_error *err)
{
    const int64_t size[2] = {in->height, in->width};
    const dp_status status = check_lists(w, err);

    if (status != DP_OK)
        return status;
    for (int d = 0; d < 2; d++) {
        const int64_t step = item(&w->stride, d), dilation = item(&w->dilation, d),
                      k = (item(&w->kernel_size, d) - 1) * dilation + 1;
        s->kernel[d] = item(&w->kernel_size, d);
        s->dilation[d] = dilation;
        s->stride[d] = step;
        s->before[d] = s->after[d] = 0;
        if (w->pad_mode == DP_PAD_SAME) {
            const int64_t out = (size[d] + step - 1) / step, total = (out - 1) * step + k - size[d];
            s->before[d] = total > 0 ? total / 2 : 0;
            s->after[d] = total > 0 ? total - total / 2 : 0;
        } else if (w->pad_mode == DP_PAD_EXPLICIT) {
            s->before[d] = w->padding.v[w->padding.n == 4 ? 2 * d : 0];
            s->after[d] = w->padding.v[w->padding.n == 4 ? 2 * d + 1 : 0];
        }
        if (size[d] + s->before[d] + s->after[d] < k)
            return dp_fail(err, DP_ESPEC,
                           "a kernel of %lld places is more than the %lld of the input",
                           (long long)k, (long long)(size[d] + s->before[d] + s->after[d]));
        s->out[d] = (size[d] + s->before[d] + s->after[d] - k) / step + 1;
    }
    return DP_OK;
}

dp_conv dp_conv_of(const dp_extent *in, int64_t oc, int64_t groups, const dp_slide *s)
{
    return (dp_conv){
        .ic = in->channels,
        .height = in->height,
        .width = in->width,
        .oc = oc,
        .kh = s->kernel[0],
        .kw = s->kernel[1],
        .oh = s->out[0],
        .ow = s->out[1],
        .stride_h = s->stride[0],
        .stride_w = s->stride[1],
        .dilation_h = s->dilation[0],
        .dilation_w = s->dilation[1],
        .groups = groups,
        .top = s->before[0],
        .left = s->before[1],
        .bottom = s->after[0],
        .right = s->after[1],
    };
}

dp_range dp_slide_places(const dp_slide *s, int d, int64_t window, int64_t size)
{
    const int64_t at = window * s->stride[d] - s->before[d], end = at + s->kernel[d] - 1;
    return (dp_range){at < 0 ? 0 : at, end < size ? end : size - 1};
}

dp_range dp_slide_windows(const dp_slide *s, int d, int64_t place)
{
    const int64_t at = place + s->before[d], last = at / s->stride[d];
    return (dp_range){at < s->kernel[d] ? 0 : (at - s->kernel[d]) / s->stride[d] + 1,
                      last < s->out[d] ? last : s->out[d] - 1};
}
