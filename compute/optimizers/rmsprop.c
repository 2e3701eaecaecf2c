/* rmsprop.c - gradient descent by the mean square
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; Hinton's lecture 6e (2012): g has weight_decay * p added first.  rule=mindspore
 * is its nn.RMSProp, whose rate is part of the momentum, and whose mean square begins at 1; eps of
 * a centered one stands under the root.
 */
#include "compute/optimizers/optimizer.h"

typedef struct rmsprop {
    dp_schedule schedule;
    double alpha, eps, momentum, weight_decay;
    bool centered;
} rmsprop;

static const dp_param params[] = {
    DP_SCHEDULE(rmsprop),
    DP_NUMBER(rmsprop, alpha, "0.99", 0, 1, "share of the mean square that stays"),
    DP_NUMBER(rmsprop, eps, "1e-8", 1e-30, 1, "added to the root of the mean square"),
    DP_NUMBER(rmsprop, momentum, "0", 0, 1, "share of the last step that goes on"),
    DP_NUMBER(rmsprop, weight_decay, "0", 0, 1e6, "of every parameter, added to its gradient"),
    DP_SCHEDULE_END(rmsprop),
    DP_LATER_BOOLEAN(rmsprop, centered, "false",
                     "the mean gradient's square is taken off the mean square"),
    DP_PARAMS_END,
};

static void update(const void *params_, const dp_kernels *k, const dp_learning *step, int64_t n,
                   float *p, const float *g, float *const moments[])
{
    const rmsprop *o = params_;
    const bool mindspore = o->schedule.rule == DP_RULE_MINDSPORE;
    const float rate = (float)step->rate, eps = (float)o->eps;
    const bool under = mindspore && o->centered;
    const dp_rmsprop r = {
        .old = (float)o->alpha,
        .new = (float)(1.0 - o->alpha),
        .eps = under ? 0 : eps,
        .under = under ? eps : 0,
        .momentum = (float)o->momentum,
        .before = mindspore ? rate : 1,
        .after = mindspore ? 1 : rate,
        .weight_decay = (float)(step->decays ? o->weight_decay : 0),
    };

    for (int64_t i = 0; i < n && mindspore && step->number == 0; i++)
        moments[1][i] = 1;
    k->rmsprop(&r, n, p, g, moments[1], moments[0], o->centered ? moments[2] : NULL);
}

static bool has_mean(const void *params_) { return ((const rmsprop *)params_)->centered; }

const dp_optimizer dp_optimizer_rmsprop = {
    .info = {"optimizer", "rmsprop", "gradient descent by the mean square", 1, sizeof(rmsprop),
             params},
    .n_moments = 2,
    .one_more = has_mean,
    .update = update,
};
