/* build.c - fitting a net text to its input
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/build.h"

#include "compute/net/batch.h"
#include "compute/net/gradients.h"
#include "compute/net/memory.h"
#include "compute/net/stages.h"
#include "compute/net/units.h"

dp_status dp_net_at_stage(const dp_net_builder *b, uint32_t i, dp_status status)
{
    return dp_stage_failed(b->infos[i], b->text.stages[i].column, status, b->err);
}

dp_status dp_net_at_params(const dp_net_builder *b, const void *params, dp_status status)
{
    uint32_t i = 0;

    while (b->params[i] != params)
        i++;
    return dp_net_at_stage(b, i, status);
}

static dp_status check_optimizer(dp_net_builder *b)
{
    const dp_net *net = b->net;

    return net->optimizer == NULL
               ? DP_OK
               : dp_net_at_params(
                     b, net->optimizer_params,
                     dp_optimizer_check(net->optimizer, net->optimizer_params, b->err));
}

static dp_status group_parameters(dp_net_builder *b)
{
    dp_net *net = b->net;

    return net->optimizer == NULL
               ? DP_OK
               : dp_net_at_params(b, net->optimizer_params, dp_net_group(net, b->err));
}

static dp_status initialize(dp_net_builder *b)
{
    return dp_stage_failed(&dp_init_info, b->text.stages[0].column,
                           dp_net_initialize(b->net, b->err), b->err);
}

/* Each knows what those before it found. */
static dp_status (*const steps[])(dp_net_builder *) = {
    check_optimizer,       dp_net_plan_batch, dp_net_link_units, dp_net_plan_units,
    dp_net_make_units,     group_parameters,  dp_net_plan_rows,  dp_net_make_rows,
    dp_net_plan_gradients, initialize,        dp_net_print,
};

dp_status dp_net_build(dp_net *net, const char *text, dp_error *err)
{
    dp_net_builder b = {.net = net, .err = err, .width = DP_LOSS_SUMS};
    dp_status status = dp_net_read(&b, text);

    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == DP_OK; i++)
        status = steps[i](&b);
    return status;
}
