/* momentum.c - v = momentum * v + g; p -= learning_rate * v
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, with Nesterov's p -= learning_rate * (g + momentum * v); g has weight_decay
 * * p added first.
 */
#include "compute/optimizers/optimizer.h"

typedef struct momentum {
    dp_schedule schedule;
    double momentum, weight_decay;
    bool use_nesterov;
} momentum;

static const dp_param params[] = {
    DP_SCHEDULE(momentum),
    DP_NUMBER(momentum, momentum, NULL, 0, 1, "share of the last step that goes on"),
    DP_NUMBER(momentum, weight_decay, "0", 0, 1e6, "of every parameter"),
    DP_BOOLEAN(momentum, use_nesterov, "false", "look ahead"),
    DP_PARAMS_END,
};

static void update(const void *params_, const dp_kernels *k, uint64_t step, double rate, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const momentum *m = params_;
    const dp_update u = {(float)rate, (float)m->momentum, (float)m->weight_decay, m->use_nesterov};
    (void)step;
    k->momentum(&u, n, p, g, moments[0]);
}

const dp_optimizer dp_optimizer_momentum = {
    .info = {"optimizer", "momentum", "gradient descent with momentum", 1, sizeof(momentum),
             params},
    .n_moments = 1,
    .update = update,
};
