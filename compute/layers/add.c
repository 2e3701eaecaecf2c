/* add.c - the sum of two outputs, number by number: a residual connection
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: one binary32 addition; the gradient of both is dy.
 */
#include "compute/layers/layer.h"

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

static void activate(const dp_kernels *k, int64_t n, const float *y, float *v) { k->add(n, v, y); }

const dp_layer dp_layer_add = {
    .info = {"layer", "add", "the sum of what stands before it and what from= names", 1, 0,
             dp_no_params},
    .prefix = "add",
    .joins = true,
    .plan = plan,
    .activate = activate,
};
