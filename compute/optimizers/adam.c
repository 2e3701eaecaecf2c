/* adam.c - gradient descent by mean and mean square
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; Kingma and Ba, arXiv 1412.6980: g has weight_decay * p added first.
 * rule=mindspore is its nn.Adam: the rate is corrected for both means, and eps is added to the root
 * as it is.
 */
#include "compute/optimizers/moments.h"

static const dp_param params[] = {
    DP_MOMENTS("0", "of every parameter, added to its gradient"),
    DP_PARAMS_END,
};

static void update(const void *params_, const dp_kernels *k, const dp_learning *step, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const dp_moments *m = params_;
    dp_adam a = dp_moments_step(m, step);

    a.weight_decay = (float)(step->decays ? m->weight_decay : 0);
    k->adam(&a, n, p, g, moments[0], moments[1]);
}

const dp_optimizer dp_optimizer_adam = {
    .info = {"optimizer", "adam", "gradient descent by mean and mean square", 1, sizeof(dp_moments),
             params},
    .n_moments = 2,
    .update = update,
};
