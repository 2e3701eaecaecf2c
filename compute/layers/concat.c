/* concat.c - the channels of two outputs, one after another
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Copies alone; each gets its part of dy.
 */
#include <string.h>

#include "compute/layers/layer.h"

static dp_status plan(void *params, dp_layer_plan *plan, dp_error *err)
{
    const dp_extent *a = &plan->in, *b = &plan->second;

    (void)params;
    plan->out.channels = a->channels + b->channels;
    return a->height == b->height && a->width == b->width
               ? DP_OK
               : dp_fail(err, DP_ESPEC, "%lld x %lld and %lld x %lld places are not alike",
                         (long long)a->height, (long long)a->width, (long long)b->height,
                         (long long)b->width);
}

static void forward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t places = r->in.height * r->in.width, a = r->in.channels, b = r->second.channels;

    (void)params;
    for (int64_t p = i * places; p < (i + 1) * places; p++) {
        memcpy(r->y + p * (a + b), r->x + p * a, sizeof *r->y * (size_t)a);
        memcpy(r->y + p * (a + b) + a, r->x2 + p * b, sizeof *r->y * (size_t)b);
    }
}

static void split_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const int64_t places = r->in.height * r->in.width, a = r->in.channels, b = r->second.channels;
    const int64_t first = (int64_t)i * places;

    for (int64_t p = first; p < first + places; p++) {
        if (r->dx != NULL)
            memcpy(r->dx + p * a, r->dy + p * (a + b), sizeof *r->dx * (size_t)a);
        if (r->dx2 != NULL)
            memcpy(r->dx2 + p * b, r->dy + p * (a + b) + a, sizeof *r->dx2 * (size_t)b);
    }
    if (r->dx != NULL)
        dp_post_op_run(&r->dx_op, r->math.kernels, first * a, places * a);
}

static void backward(const void *params, const dp_layer_run *r)
{
    dp_layer_run copy = *r;

    (void)params;
    dp_workers_run(r->math.workers, (uint64_t)r->math.n, split_sample, &copy);
}

const dp_layer dp_layer_concat = {
    .info = {"layer", "concat", "the channels of what stands before it, then of what from= names",
             1, 0, dp_no_params},
    .prefix = "concat",
    .joins = true,
    .plan = plan,
    .forward_sample = forward_sample,
    .backward = backward,
};
