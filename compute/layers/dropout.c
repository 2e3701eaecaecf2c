/* dropout.c - numbers left out at random while training
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: each number of a sample, in [h][w][c] order, is dropped (+0) when its uniform
 * number u < p; the others are multiplied by 1 / (1 - p), computed in binary64 and rounded once;
 * so is the gradient.  The draws are keyed by the net's seed, the layer and its own seed, and
 * stand at (step, sample): they do not depend on what else is drawn.  dp_net_eval drops nothing.
 * Srivastava et al., JMLR 15 (2014), scaled while training as MindSpore and PyTorch do.
 */
#include <string.h>

#include "base/random/rng.h"
#include "compute/layers/layer.h"

typedef struct dropout {
    double p;
    int64_t seed;
} dropout;

static const dp_param params[] = {
    DP_NUMBER(dropout, p, "0.5", 0, 0.999999, "of a number to be left out"),
    DP_INT(dropout, seed, NULL, 1, UINT32_MAX, "of the choice, not 0: MindSpore's 0 is any seed"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    (void)params_, (void)plan, (void)err;
    return DP_OK;
}

/* Draws once for each number; the same for forward and backward. */
static void drop(const dropout *p, const dp_layer_run *r, int64_t sample, const float *x, float *y)
{
    const int64_t size = dp_extent_size(&r->in);
    const float scale = (float)(1.0 / (1.0 - p->p));
    dp_rng rng;

    dp_rng_start(&rng, dp_rng_key(r->key, "dropout", (uint32_t)p->seed), r->step,
                 (uint64_t)(r->share->first + sample));
    for (int64_t i = 0; i < size; i++)
        y[i] = dp_rng_uniform(&rng) < p->p ? 0.0f : x[i] * scale;
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const int64_t first = sample * dp_extent_size(&r->in);

    if (r->training)
        drop(params_, r, sample, r->x + first, r->y + first);
    else
        memcpy(r->y + first, r->x + first, sizeof *r->y * (size_t)dp_extent_size(&r->in));
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const int64_t first = sample * dp_extent_size(&r->in);
    drop(params_, r, sample, r->dy + first, r->dx + first);
}

const dp_layer dp_layer_dropout = {
    .info = {"layer", "dropout", "leave numbers out at random while training", 1, sizeof(dropout),
             params},
    .prefix = "dropout",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
