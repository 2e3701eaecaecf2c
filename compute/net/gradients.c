/* gradients.c - where the gradients of a net are, and what small batches leave of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/gradients.h"

#include "compute/net/batch.h"
#include "compute/net/memory.h"

#define LINE 16 /* floats: each gradient begins on a line of the cache */

/* Places the gradients in the order in which the backward pass makes them. */
static int64_t place_gradients(const dp_net *net)
{
    int64_t place = 0;

    for (uint32_t i = net->n_units; i-- > 0;) {
        dp_unit *u = &net->units[i];
        for (uint32_t w = 0; w < u->n_weights; w++) {
            dp_use *use = &net->uses[u->first_use + w];
            const int64_t count = net->parameters[use->parameter].count;
            use->place = place;
            place += use->whole ? 0 : (count + LINE - 1) / LINE * LINE;
        }
        u->ready = place;
    }
    return place;
}

/* What small batches leave for those after them: gradients, and sums in binary64, which are those
 * of the loss and of the gradients that layers make of the whole batch. */
static dp_status plan_kept(const dp_net_builder *b)
{
    dp_net *net = b->net;
    const int64_t n = dp_net_small_batches(net, net->most);
    int64_t width = DP_LOSS_SUMS;

    for (uint32_t i = 0; i < net->n_uses; i++)
        width += net->uses[i].whole ? net->parameters[net->uses[i].parameter].count : 0;
    net->kept = dp_net_floats(net, dp_kept_rows(n), net->buckets.count);
    return net->kept == NULL
               ? dp_arena_fail(&net->handle.arena, b->err, "gradients of small batches")
               : dp_share_accumulate(&net->share, n, width, &net->handle.arena, b->err);
}

dp_status dp_net_plan_gradients(dp_net_builder *b)
{
    dp_net *net = b->net;
    dp_status status =
        dp_share_open(&net->share, net->loss != NULL ? net->handle.options.group : NULL, net->small,
                      net->leaf, b->width, &net->handle.arena, b->err);

    if (status == DP_OK)
        status = dp_buckets_open(&net->buckets, &net->share, net->kernels, place_gradients(net),
                                 &net->handle.arena, b->err);
    if (status == DP_OK)
        status = plan_kept(b);
    for (uint32_t i = 0; i < net->n_uses && status == DP_OK; i++) {
        dp_use *use = &net->uses[i];
        if (!use->whole)
            use->gradient = net->buckets.gradient + use->place;
        if (use->before < 0)
            net->parameters[use->parameter].gradient.data = use->gradient;
    }
    return status;
}
