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
    DP_PARAMS_END,
};

static void update(const void *params_, const dp_kernels *k, uint64_t step, double rate, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const dp_update u = {(float)rate, 0, (float)((const sgd *)params_)->weight_decay, 0};
    (void)step, (void)moments;
    k->sgd(&u, n, p, g);
}

const dp_optimizer dp_optimizer_sgd = {
    .info = {"optimizer", "sgd", "gradient descent", 1, sizeof(sgd), params},
    .update = update,
};
