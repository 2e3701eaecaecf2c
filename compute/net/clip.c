/* clip.c - gradients made shorter when all of them together are too long
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: LANE64 of each parameter's squares, TREE over parameters, the root, in
 * binary64; the factor is rounded once.
 */
#include <math.h>

#include "compute/net/net.h"
#include "compute/sums/lanes.h"

typedef struct squares {
    const dp_kernels *kernels;
    const dp_parameter *parameters;
    double *sums; /* of each parameter */
    float scale;
} squares;

static void sum_squares(void *ctx, uint64_t i)
{
    const squares *s = ctx;
    dp_lanes lanes;

    dp_lanes_begin(&lanes, s->kernels, 0.0);
    dp_square_add(&lanes, s->parameters[i].gradient.data, s->parameters[i].count);
    s->sums[i] = dp_sum_end(&lanes);
}

static void scale_gradient(void *ctx, uint64_t i)
{
    const squares *s = ctx;
    float *g = s->parameters[i].gradient.data;

    for (int64_t j = 0; j < s->parameters[i].count; j++)
        g[j] *= s->scale;
}

void dp_net_clip(const dp_net *net)
{
    const double most = ((const dp_schedule *)net->optimizer_params)->clip_norm;
    squares s = {net->kernels, net->parameters, net->squares, 0.0f};
    double norm;

    if (most <= 0.0 || net->n_parameters == 0)
        return;
    dp_workers_run(net->workers, net->n_parameters, sum_squares, &s);
    norm = sqrt(dp_tree_sum(s.sums, net->n_parameters));
    s.scale = (float)(most / norm);
    if (norm > most)
        dp_workers_run(net->workers, net->n_parameters, scale_gradient, &s);
}
