/* random_apply.c - all of some transforms, or none
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native draw: one uniform number u; all are applied when u < prob.  MindSpore's: u <= prob.
 */
#include "transforms/shared/transform.h"

static const dp_param params[] = {
    DP_COLUMN(dp_holder),
    DP_TEXT(dp_holder, transforms, NULL, "transforms that keep the type, joined by |"),
    DP_NUMBER(dp_holder, prob, "0.5", 0, 1, "that they are applied"),
    DP_RANDOM_ORDER(dp_holder),
    DP_PARAMS_END,
};

static void draw(const void *params_, dp_place *place, double *draws)
{
    draws[0] = dp_rng_uniform(&place->rng) < ((const dp_holder *)params_)->prob;
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    draws[0] = dp_std_canonical(engine) <= ((const dp_holder *)params_)->prob;
}

const dp_transform dp_transform_random_apply = {
    .info = {"transform", "random_apply", "apply some transforms with a probability", 1,
             sizeof(dp_holder), params},
    .foreign = "RandomApply transforms:held prob:double workers unread",
    .draw = draw,
    .drawn = "applied",
    .replay = replay,
    .holds = DP_HOLDS_ALL,
};
