/* momentum.c - v = momentum * v + g; p -= learning_rate * v
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, with Nesterov's p -= learning_rate * (g + momentum * v); g has weight_decay
 * * p added first.
 */
#include "compute/layer.h"

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

static dp_status check(const void *params_, dp_error *err)
{
    return dp_schedule_check(&((const momentum *)params_)->schedule, err);
}

static double learning_rate(const void *params_, uint64_t step)
{
    return dp_schedule_rate(&((const momentum *)params_)->schedule, step);
}

static void update(const void *params_, const dp_kernels *k, uint64_t step, int64_t n, float *p,
                   const float *g, float *const moments[])
{
    const momentum *m = params_;
    const dp_update u = {(float)learning_rate(params_, step), (float)m->momentum,
                         (float)m->weight_decay, m->use_nesterov};
    k->momentum(&u, n, p, g, moments[0]);
}

const dp_optimizer dp_optimizer_momentum = {
    .info = {"optimizer", "momentum", "gradient descent with momentum", 1, params},
    .size = sizeof(momentum),
    .n_moments = 1,
    .check = check,
    .learning_rate = learning_rate,
    .update = update,
};
