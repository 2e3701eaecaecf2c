/* uniform_augment.c - some of some transforms, each applied or not
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * LingChen et al. 2020.  Native draws, in the order of the text, until num_ops are chosen:
 * below(how many are left to look at), chosen if that is below the number to be chosen yet; then a
 * bit, 1 = applied.  MindSpore's: std::sample, then U{0,1} for each, 0 = applied.
 */
#include "transforms/shared/transform.h"

#define MOST 32 /* transforms: each is a bit of a number */

static const dp_param params[] = {
    DP_COLUMN(dp_holder),
    DP_TEXT(dp_holder, transforms, NULL, "transforms that keep the type, joined by |"),
    DP_INT(dp_holder, num_ops, "2", 1, MOST, "that are chosen, each to be applied or not"),
    DP_RANDOM_ORDER(dp_holder),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const dp_holder *p = params_;

    (void)in, (void)out, (void)arena;
    if (p->n > MOST)
        return dp_fail(err, DP_ESPEC, "%u transforms: at most %d", p->n, MOST);
    if (p->num_ops > p->n)
        return dp_fail(err, DP_ESPEC, "num_ops %lld is more than the %u transforms",
                       (long long)p->num_ops, p->n);
    return DP_OK;
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const dp_holder *p = params_;
    uint32_t left = (uint32_t)p->num_ops;
    uint64_t applied = 0;

    for (uint32_t i = 0; i < p->n && left > 0; i++) {
        if (dp_rng_below(&place->rng, p->n - i) < left) {
            applied |= (uint64_t)dp_rng_below(&place->rng, 2) << i;
            left--;
        }
    }
    draws[0] = (double)applied;
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const dp_holder *p = params_;
    const uint64_t chosen = dp_std_sample(p->n, (uint32_t)p->num_ops, engine);
    uint64_t applied = 0;

    for (uint32_t i = 0; i < p->n; i++) {
        if (chosen >> i & 1)
            applied |= (uint64_t)(dp_std_uniform_int(engine, 1) == 0) << i;
    }
    draws[0] = (double)applied;
}

const dp_transform dp_transform_uniform_augment = {
    .info = {"transform", "uniform_augment", "apply some of some transforms", 1, sizeof(dp_holder),
             params},
    .foreign = "UniformAugment transforms:held num_ops workers unread",
    .plan = plan,
    .draw = draw,
    .drawn = "applied",
    .replay = replay,
    .holds = DP_HOLDS_SOME,
};
