/* conv.c - what a convolution and a transposed one plan alike
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/conv.h"

#include "compute/math/bias.h"

dp_status dp_conv_check_groups(int64_t group, int64_t in, int64_t out, dp_error *err)
{
    if (in % group == 0 && out % group == 0)
        return DP_OK;
    return dp_fail(err, DP_ESPEC,
                   "group=%lld must divide the %lld channels of the input and "
                   "out_channels=%lld",
                   (long long)group, (long long)in, (long long)out);
}

void dp_conv_plan_layer(const dp_conv *c, int64_t channels, bool has_bias, dp_layer_plan *plan)
{
    const int64_t fan_in = c->ic / c->groups * c->kh * c->kw, fan_out = c->oc * c->kh * c->kw;

    plan->n_weights = has_bias ? 2 : 1;
    plan->weights[0] = (dp_weight){.suffix = "weight",
                                   .rank = 4,
                                   .shape = {c->oc, c->ic / c->groups, c->kh, c->kw},
                                   .fan_in = fan_in,
                                   .fan_out = fan_out};
    plan->weights[1] = (dp_weight){.suffix = "bias",
                                   .rank = 1,
                                   .shape = {channels},
                                   .fan_in = fan_in,
                                   .fan_out = fan_out,
                                   .is_bias = true,
                                   .whole = true};
    plan->width = channels;
    plan->workspace = dp_max_size(dp_conv_workspace(c, plan->kernels, plan->n, plan->threads),
                                  dp_bias_workspace(plan->n, channels));
}
