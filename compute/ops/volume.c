/* volume.c - kernels that slide over a volume: size, stride, padding and dilation on three axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/volume.h"

static int64_t item(const dp_ints *list, int d)
{
    return list->n == 0 ? 1 : list->v[list->n == 3 ? d : 0];
}

static bool is_for_three(const dp_ints *list) { return list->n <= 1 || list->n == 3; }

static dp_status plan_axis(dp_volume *v, int d, dp_error *err)
{
    const int64_t step = v->step[d] = item(&v->stride, d),
                  apart = v->apart[d] = item(&v->dilation, d);
    const int64_t reach = (v->kernel[d] - 1) * apart + 1;
    int64_t total = 0;

    v->before[d] = v->after[d] = 0;
    if (v->pad_mode == DP_VOLUME_SAME) {
        total = ((v->in[d] + step - 1) / step - 1) * step + reach - v->in[d];
        v->before[d] = total > 0 ? total / 2 : 0;
        v->after[d] = total > 0 ? total - total / 2 : 0;
    } else if (v->pad_mode == DP_VOLUME_PAD && v->padding.n > 0) {
        v->before[d] = v->padding.v[v->padding.n == 6 ? 2 * d : 0];
        v->after[d] = v->padding.v[v->padding.n == 6 ? 2 * d + 1 : 0];
    }
    total = v->in[d] + v->before[d] + v->after[d];
    if (total < reach)
        return dp_fail(err, DP_ESPEC, "a kernel of %lld places is more than the %lld there are",
                       (long long)reach, (long long)total);
    v->out[d] = (total - reach) / step + 1;
    return DP_OK;
}

dp_status dp_volume_plan(dp_volume *v, const int64_t in[3], const int64_t kernel[3], dp_error *err)
{
    dp_status status = DP_OK;

    if (!is_for_three(&v->stride) || !is_for_three(&v->dilation) ||
        (v->padding.n > 1 && v->padding.n != 6))
        return dp_fail(err, DP_ESPEC, "1 number or depth,height,width; padding 1 or 6");
    for (int d = 0; d < 3 && status == DP_OK; d++) {
        v->in[d] = in[d];
        v->kernel[d] = kernel[d];
        status = plan_axis(v, d, err);
    }
    return status;
}
