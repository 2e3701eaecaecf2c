/* adamw.c - adam, with the weights decayed by themselves
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; Kingma and Ba, arXiv 1412.6980; Loshchilov and Hutter, arXiv 1711.05101: p has
 * learning_rate * weight_decay * p taken off first.  rule=mindspore is its nn.AdamWeightDecay,
 * which corrects nothing for the first steps.
 */
#include "compute/optimizers/moments.h"

static const dp_param params[] = {
    DP_MOMENTS("0.01", "of every parameter, by itself"),
    DP_PARAMS_END,
};

static void update(const void *params_, const dp_kernels *k, const dp_learning *step, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const dp_moments *m = params_;
    dp_adam a = dp_moments_step(m, step);

    if (m->schedule.rule == DP_RULE_MINDSPORE)
        a.rate = (float)step->rate;
    a.shrink = (float)(step->decays ? step->rate * m->weight_decay : 0);
    k->adam(&a, n, p, g, moments[0], moments[1]);
}

const dp_optimizer dp_optimizer_adamw = {
    .info = {"optimizer", "adamw", "adam, with the weights decayed by themselves", 1,
             sizeof(dp_moments), params},
    .n_moments = 2,
    .update = update,
};
