/* chance.c - transforms that are applied to a row with a probability
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"

#include <string.h>

const dp_param dp_chance_params[] = {
    DP_COLUMN(dp_chance),
    DP_PROB(dp_chance),
    DP_RANDOM_ORDER(dp_chance),
    DP_PARAMS_END,
};

void dp_draw_chance(const void *params, dp_place *place, double *draws)
{
    draws[0] = dp_rng_uniform(&place->rng) < ((const dp_chance *)params)->prob;
}

/* The probability is a float32 there. */
void dp_replay_chance(const void *params, dp_mt19937 *engine, double *draws)
{
    draws[0] = dp_std_bernoulli(engine, (double)(float)((const dp_chance *)params)->prob);
}

void dp_copy(const dp_tensor *in, const dp_tensor *out)
{
    memcpy(out->data, in->data, dp_tensor_bytes(in));
}

void dp_change_if(bool changed, dp_change *change, const dp_tensor *in, const dp_tensor *out)
{
    (changed ? change : dp_copy)(in, out);
}

double dp_draw_between(dp_place *place, double low, double high)
{
    return low + dp_rng_uniform(&place->rng) * (high - low);
}

double dp_replay_between(dp_mt19937 *engine, double least, double most)
{
    const float u = dp_std_canonical_float(engine), low = (float)least, high = (float)most;

    return (double)(u * (high - low) + low);
}

double dp_replay_about(dp_mt19937 *engine, double least, double most, float range)
{
    const float u = dp_std_canonical_float(engine) * 2.0f - 1.0f;

    return (double)(((float)least + (float)most + u * range) / 2);
}

void dp_draw_strength(const void *params, dp_place *place, double *draws)
{
    const dp_strength *p = params;

    draws[0] = dp_draw_between(place, p->range[0], p->range[1]);
}

void dp_replay_strength(const void *params, dp_mt19937 *engine, double *draws)
{
    const dp_strength *p = params;

    draws[0] = dp_replay_between(engine, p->range[0], p->range[1]);
}

double dp_replay_integer(dp_mt19937 *engine, int64_t least, int64_t most)
{
    return (double)(least + dp_std_uniform_int(engine, (uint32_t)(most - least)));
}

dp_status dp_number_range(const char *name, const dp_numbers *list, double range[2], dp_error *err)
{
    if (list->n > 2)
        return dp_fail(err, DP_ESPEC, "%s takes one or two numbers, not %d", name, list->n);
    range[0] = list->n == 1 ? -list->v[0] : list->v[0];
    range[1] = list->v[list->n - 1];
    if (range[0] > range[1])
        return dp_fail(err, DP_ESPEC, "%s goes from the smaller number to the larger", name);
    return DP_OK;
}
