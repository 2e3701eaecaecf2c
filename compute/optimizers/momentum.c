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
    DP_SCHEDULE_END(momentum),
    DP_PARAMS_END,
};

static dp_status check(const void *params_, dp_error *err)
{
    const momentum *m = params_;

    if (m->schedule.rule == DP_RULE_MINDSPORE && m->use_nesterov)
        return dp_fail(err, DP_ESPEC,
                       "MindSpore's CPU ignores use_nesterov: leave it out for its weights");
    return dp_schedule_check_rule(&m->schedule, m->weight_decay, err);
}

static void update(const void *params_, const dp_kernels *k, const dp_learning *step, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const momentum *m = params_;
    const dp_update u = {(float)step->rate, (float)m->momentum,
                         (float)(step->decays ? m->weight_decay : 0), m->use_nesterov};

    k->momentum(&u, n, p, g, moments[0]);
}

const dp_optimizer dp_optimizer_momentum = {
    .info = {"optimizer", "momentum", "gradient descent with momentum", 1, sizeof(momentum),
             params},
    .n_moments = 1,
    .check = check,
    .update = update,
};
