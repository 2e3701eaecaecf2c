/* sgd.c - p -= learning_rate * (g + weight_decay * p)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layer.h"

typedef struct sgd {
    dp_schedule schedule;
    double weight_decay;
} sgd;

static const dp_param params[] = {
    DP_SCHEDULE(sgd),
    DP_NUMBER(sgd, weight_decay, "0", 0, 1e6, "of every parameter"),
    DP_PARAMS_END,
};

static dp_status check(const void *params_, dp_error *err)
{
    return dp_schedule_check(&((const sgd *)params_)->schedule, err);
}

static double learning_rate(const void *params_, uint64_t step)
{
    return dp_schedule_rate(&((const sgd *)params_)->schedule, step);
}

static void update(const void *params_, const dp_kernels *k, uint64_t step, int64_t n, float *p,
                   const float *g, float *const moments[])
{
    const dp_update u = {(float)learning_rate(params_, step), 0,
                         (float)((const sgd *)params_)->weight_decay, 0};
    (void)moments;
    k->sgd(&u, n, p, g);
}

const dp_optimizer dp_optimizer_sgd = {
    .info = {"optimizer", "sgd", "gradient descent", 1, params},
    .size = sizeof(sgd),
    .check = check,
    .learning_rate = learning_rate,
    .update = update,
};
