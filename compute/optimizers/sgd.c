/* sgd.c - p -= learning_rate * (g + weight_decay * p)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/optimizers/optimizer.h"

typedef struct sgd {
    dp_schedule schedule;
    double weight_decay;
} sgd;

static const dp_param params[] = {
    DP_SCHEDULE(sgd),
    DP_NUMBER(sgd, weight_decay, "0", 0, 1e6, "of every parameter"),
    DP_SCHEDULE_END(sgd),
    DP_PARAMS_END,
};

static dp_status check(const void *params_, dp_error *err)
{
    const sgd *s = params_;
    return dp_schedule_check_rule(&s->schedule, s->weight_decay, err);
}

static void update(const void *params_, const dp_kernels *k, const dp_learning *step, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const double decay = step->decays ? ((const sgd *)params_)->weight_decay : 0;
    const dp_update u = {(float)step->rate, 0, (float)decay, 0};
    (void)moments;
    k->sgd(&u, n, p, g);
}

const dp_optimizer dp_optimizer_sgd = {
    .info = {"optimizer", "sgd", "gradient descent", 1, sizeof(sgd), params},
    .check = check,
    .update = update,
};
