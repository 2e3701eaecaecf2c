/* add.c - the sum of two outputs, number by number: a residual connection
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: one binary32 addition; the gradient of both is dy.
 */
#include <string.h>

#include "compute/layers/layer.h"

#define PIECE 2048 /* numbers that are still in the first cache when they are added to */

static dp_status plan(void *params, dp_layer_plan *plan, dp_error *err)
{
    const dp_extent *a = &plan->in, *b = &plan->second;

    (void)params;
    return a->channels == b->channels && a->height == b->height && a->width == b->width
               ? DP_OK
               : dp_fail(err, DP_ESPEC,
                         "%lld x %lld x %lld and %lld x %lld x %lld (channels, height, width) "
                         "are not alike",
                         (long long)a->channels, (long long)a->height, (long long)a->width,
                         (long long)b->channels, (long long)b->height, (long long)b->width);
}

static void forward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), end = (i + 1) * size;

    (void)params;
    for (int64_t at = i * size, n; at < end; at += n) {
        n = end - at < PIECE ? end - at : PIECE;
        memcpy(r->y + at, r->x + at, sizeof *r->y * (size_t)n);
        r->math.kernels->add(n, r->y + at, r->x2 + at);
    }
}

static void copy_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const int64_t size = dp_extent_size(&r->in), first = (int64_t)i * size;

    if (r->dx2 != NULL)
        memcpy(r->dx2 + first, r->dy + first, sizeof *r->dy * (size_t)size);
    if (r->dx == NULL)
        return;
    memcpy(r->dx + first, r->dy + first, sizeof *r->dy * (size_t)size);
    dp_post_op_run(&r->dx_op, r->math.kernels, first, size);
}

static void backward(const void *params, const dp_layer_run *r)
{
    dp_layer_run copy = *r;

    (void)params;
    dp_workers_run(r->math.workers, (uint64_t)r->math.n, copy_sample, &copy);
}

const dp_layer dp_layer_add = {
    .info = {"layer", "add", "the sum of what stands before it and what from= names", 1, 0,
             dp_no_params},
    .prefix = "add",
    .joins = true,
    .plan = plan,
    .forward_sample = forward_sample,
    .backward = backward,
};
