/* position_embedding.c - a row of a table added to each place: what stands where
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: y = x + weight, one binary32 addition, the same table for every sample.
 * Gradient SEQ64 over n in leaf of dy, TREE, rounded once: that of a bias which has the size of a
 * sample.  weight [places][channels], places row by row, as PyTorch's and MindSpore's Embedding
 * of places has it.
 */
#include <string.h>

#include "compute/layers/layer.h"
#include "compute/math/bias.h"

static dp_status plan(void *params, dp_layer_plan *plan, dp_error *err)
{
    const int64_t size = dp_extent_size(&plan->in);

    (void)params, (void)err;
    plan->n_weights = 1;
    plan->weights[0] = (dp_weight){.suffix = "weight",
                                   .rank = 2,
                                   .shape = {plan->in.height * plan->in.width, plan->in.channels},
                                   .fan_in = plan->in.channels,
                                   .fan_out = plan->in.height * plan->in.width,
                                   .whole = true};
    plan->width = size;
    plan->workspace = dp_bias_workspace(plan->n, size);
    return DP_OK;
}

static void forward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), first = i * size;

    (void)params;
    memcpy(r->y + first, r->x + first, sizeof *r->y * (size_t)size);
    r->math.kernels->add(size, r->y + first, r->w[0]);
}

static void copy_sample(void *ctx, uint64_t i)
{
    const dp_layer_run *r = ctx;
    const int64_t size = dp_extent_size(&r->in), first = (int64_t)i * size;

    memcpy(r->dx + first, r->dy + first, sizeof *r->dx * (size_t)size);
    dp_post_op_run(&r->dx_op, r->math.kernels, first, size);
}

static void backward(const void *params, const dp_layer_run *r)
{
    dp_layer_run copy = *r;

    (void)params;
    dp_bias_gradient(&r->math, r->share, 1, dp_extent_size(&r->in), r->dy, r->dw[0]);
    if (r->dx != NULL)
        dp_workers_run(r->math.workers, (uint64_t)r->math.n, copy_sample, &copy);
}

const dp_layer dp_layer_position_embedding = {
    .info = {"layer", "position_embedding", "a row of a table added to each place", 1, 0,
             dp_no_params},
    .prefix = "position_embedding",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward = backward,
};
