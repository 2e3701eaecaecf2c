/* schedule.c - the learning rate of a step
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * In binary64, in the order written here and in docs/numerics.md; rounded to binary32 by the
 * caller.  No pow and no libm: one multiplication for each decay in turn, and an own cosine.
 */
#include "compute/optimizers/schedule.h"

#include <string.h>

#include "base/status.h"

#define DECAY_RATE ((double)0.1) /* the default, a double where arithmetic is wider */

enum { DECAY_STEP, DECAY_COSINE };

dp_status dp_schedule_check(const dp_schedule *s, dp_error *err)
{
    const int32_t n = s->learning_rate.n;

    for (int32_t i = 1; i < s->milestones.n; i++) {
        if (s->milestones.v[i] <= s->milestones.v[i - 1])
            return dp_fail(err, DP_ESPEC, "milestones must ascend: %lld follows %lld",
                           (long long)s->milestones.v[i], (long long)s->milestones.v[i - 1]);
    }
    if (s->milestones.n > 0 && s->milestones.n != n)
        return dp_fail(err, DP_ESPEC, "%d milestones for %d learning rates: each has its own",
                       s->milestones.n, n);
    if (s->milestones.n > 0 && n == 1)
        return dp_params_idle("milestones", "a learning_rate for each", err);
    if (s->decay_steps == 0 && s->decay_rate != DECAY_RATE)
        return dp_params_idle("decay_rate", "decay_steps", err);
    if (s->decay_steps == 0 && s->decay == DECAY_COSINE)
        return dp_params_idle("decay=cosine", "decay_steps", err);
    if (s->decay == DECAY_COSINE && s->decay_rate != DECAY_RATE)
        return dp_params_idle("decay_rate", "decay=step", err);
    if (n > 1 && s->decay_steps != 0)
        return dp_fail(err, DP_ESPEC, "decay_steps is for one learning_rate, not for a list");
    if (s->min_lr != 0 && s->decay != DECAY_COSINE)
        return dp_fail(err, DP_ESPEC, "min_lr is for decay=cosine");
    if (s->min_lr > s->learning_rate.v[0])
        return dp_fail(err, DP_ESPEC, "min_lr is more than learning_rate");
    return DP_OK;
}

/* cos(pi x), 0 <= x <= 1: its series to x^24 on [0, 1/2], Horner; the other half is -cos(pi (1 -
 * x)), and 1 - x is exact there. */
static double cos_pi(double x)
{
    static const double factors[] = {24 * 23, 22 * 21, 20 * 19, 18 * 17, 16 * 15, 14 * 13,
                                     12 * 11, 10 * 9,  8 * 7,   6 * 5,   4 * 3,   2 * 1};
    const double turned = x > 0.5 ? 1.0 - x : x, t = turned * 0x1.921fb54442d18p+1, z = t * t;
    double sum = 1.0;

    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++)
        sum = 1.0 - z / factors[i] * sum;
    return x > 0.5 ? -sum : sum;
}

/* The rate of the list: number i lasts until milestone i, or one step without milestones; the
 * last one stays. */
static double listed(const dp_schedule *s, uint64_t step)
{
    int32_t i = 0;

    while (i + 1 < s->learning_rate.n &&
           step >= (uint64_t)(s->milestones.n > 0 ? s->milestones.v[i] : i + 1))
        i++;
    return s->learning_rate.v[i];
}

static double decayed(const dp_schedule *s, double rate, uint64_t step)
{
    const uint64_t every = (uint64_t)s->decay_steps;

    if (every == 0)
        return rate;
    if (s->decay == DECAY_COSINE)
        return s->min_lr +
               0.5 * (rate - s->min_lr) *
                   (1.0 + cos_pi((double)(step < every ? step : every) / (double)every));
    if (s->decay_rate == 1.0)
        return rate;
    for (uint64_t i = step / every; i > 0 && rate > 0; i--)
        rate *= s->decay_rate;
    return rate;
}

double dp_schedule_rate(const dp_schedule *s, uint64_t step)
{
    const uint64_t warmup = (uint64_t)s->warmup_steps;

    if (step < warmup)
        return (double)step / (double)warmup * s->learning_rate.v[0];
    return decayed(s, listed(s, step - warmup), step - warmup);
}

/* MindSpore looks for these words anywhere in the name, but not where there are groups. */
bool dp_schedule_decays(const dp_schedule *s, const char *name)
{
    return s->rule != DP_RULE_MINDSPORE || s->groups[0] != '\0' ||
           (strstr(name, "beta") == NULL && strstr(name, "gamma") == NULL);
}

dp_status dp_schedule_check_rule(const dp_schedule *s, double weight_decay, dp_error *err)
{
    if (s->rule == DP_RULE_TORCH || (weight_decay != 0 && s->groups[0] == '\0'))
        return DP_OK;
    return dp_params_idle("rule", "weight_decay without groups", err);
}
