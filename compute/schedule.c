/* schedule.c - the learning rate of a step
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * In binary64, one multiplication for each decay in turn (no pow), rounded to binary32 by the
 * caller.
 */
#include "compute/layer.h"

double dp_schedule_rate(const dp_schedule *s, uint64_t step)
{
    double rate = s->learning_rate;

    if (s->decay_steps == 0 || s->decay_rate == 1.0)
        return rate;
    for (uint64_t i = step / (uint64_t)s->decay_steps; i > 0 && rate > 0; i--)
        rate *= s->decay_rate;
    return rate;
}
