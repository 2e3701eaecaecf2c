/* batch.c - how the batch of a step is cut, and what the loss takes of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/batch.h"

int64_t dp_net_accumulates(const dp_net *net)
{
    return net->optimizer != NULL ? ((const dp_schedule *)net->optimizer_params)->accumulate : 1;
}

int64_t dp_net_small_batches(const dp_net *net, int64_t batch)
{
    return (batch + net->small - 1) / net->small;
}

/* The fewest samples, of a power of two of leaves, that cut the batch into no more small ones than
 * are meant.  (Whether it is just as many is asked by a step: a net that is only evaluated may be
 * opened for another batch.) */
static void plan_small(dp_net *net)
{
    net->small = net->leaf;
    while (dp_net_small_batches(net, net->most) > dp_net_accumulates(net))
        net->small *= 2;
    if (net->small > net->most)
        net->small = net->most;
}

dp_status dp_net_plan_batch(dp_net_builder *b)
{
    dp_net *net = b->net;
    dp_status status = DP_OK;

    net->leaf = 1;
    net->own = net->small = net->most;
    if (net->loss == NULL)
        return DP_OK;
    net->leaf = ((const dp_loss_rows *)net->loss_params)->leaf_size;
    net->per_place = ((const dp_loss_rows *)net->loss_params)->per == DP_PER_PLACE;
    status =
        dp_net_at_params(b, net->loss_params, dp_loss_check(net->loss_params, net->most, b->err));
    if (status != DP_OK)
        return status;
    plan_small(net);
    net->own = dp_share_most(net->handle.options.group, net->small, net->leaf);
    return DP_OK;
}

dp_status dp_net_plan_rows(dp_net_builder *b)
{
    dp_net *net = b->net;
    const dp_extent *out = &net->units[net->n_units - 1].out;
    const int64_t places = out->height * out->width;

    net->classes = out->channels;
    net->rows = net->per_place ? places : 1;
    return net->loss == NULL || net->rows == places
               ? DP_OK
               : dp_net_at_params(
                     b, net->loss_params,
                     dp_fail(b->err, DP_ESPEC,
                             "takes features: put flatten before it; or per=place, where "
                             "each place has a label"));
}
