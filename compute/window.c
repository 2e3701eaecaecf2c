/* window.c - kernels that slide over an image: size, stride and padding of convolution and pooling
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/window.h"

static dp_status check_lists(const char *stage, const dp_ints *kernel_size, const dp_ints *stride,
                             int32_t pad_mode, const dp_ints *padding, dp_error *err)
{
    if (kernel_size->n > 2 || stride->n > 2)
        return dp_fail(err, DP_ESPEC, "%s: %s takes one number or height,width", stage,
                       stride->n > 2 ? "stride" : "kernel_size");
    if (padding != NULL && padding->n != 1 && padding->n != 4)
        return dp_fail(err, DP_ESPEC, "%s: padding takes one number or top,bottom,left,right",
                       stage);
    for (int32_t i = 0; padding != NULL && pad_mode != DP_PAD_EXPLICIT && i < padding->n; i++) {
        if (padding->v[i] != 0)
            return dp_fail(err, DP_ESPEC, "%s: padding is for pad_mode=pad only", stage);
    }
    return DP_OK;
}

dp_status dp_slide_plan(const char *stage, const dp_ints *kernel_size, const dp_ints *stride,
                        int32_t pad_mode, const dp_ints *padding, const dp_extent *in, dp_slide *s,
                        dp_error *err)
{
    const int64_t size[2] = {in->height, in->width};
    const dp_status status = check_lists(stage, kernel_size, stride, pad_mode, padding, err);

    if (status != DP_OK)
        return status;
    for (int d = 0; d < 2; d++) {
        const int64_t k = kernel_size->v[kernel_size->n == 2 ? d : 0],
                      step = stride->v[stride->n == 2 ? d : 0];
        s->kernel[d] = k;
        s->stride[d] = step;
        s->before[d] = s->after[d] = 0;
        if (pad_mode == DP_PAD_SAME) {
            const int64_t out = (size[d] + step - 1) / step, total = (out - 1) * step + k - size[d];
            s->before[d] = total > 0 ? total / 2 : 0;
            s->after[d] = total > 0 ? total - total / 2 : 0;
        } else if (pad_mode == DP_PAD_EXPLICIT && padding != NULL) {
            s->before[d] = padding->v[padding->n == 4 ? 2 * d : 0];
            s->after[d] = padding->v[padding->n == 4 ? 2 * d + 1 : 0];
        }
        if (size[d] + s->before[d] + s->after[d] < k)
            return dp_fail(err, DP_ESPEC, "%s: kernel_size %lld is more than the %lld of the input",
                           stage, (long long)k, (long long)(size[d] + s->before[d] + s->after[d]));
        s->out[d] = (size[d] + s->before[d] + s->after[d] - k) / step + 1;
    }
    return DP_OK;
}

const dp_param dp_pool_params[] = {
    DP_INTS(dp_pool, kernel_size, NULL, 1, DP_MAX_KERNEL, "height,width; one number for a square"),
    DP_INTS(dp_pool, stride, "1", 1, DP_MAX_KERNEL, "height,width; one number for both"),
    DP_CHOICE(dp_pool, pad_mode, "valid", "valid,same", "whether windows may reach past the image"),
    DP_PARAMS_END,
};

dp_status dp_pool_plan(const char *stage, dp_pool *p, dp_layer_plan *plan, dp_error *err)
{
    const dp_status status = dp_slide_plan(stage, &p->kernel_size, &p->stride, p->pad_mode, NULL,
                                           &plan->in, &p->slide, err);

    if (status == DP_OK)
        plan->out = (dp_extent){plan->in.channels, p->slide.out[0], p->slide.out[1]};
    return status;
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
