/* random_choice.c - one of some transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/transform.h"

static const dp_param params[] = {
    DP_COLUMN(dp_holder),
    DP_TEXT(dp_holder, transforms, NULL, "transforms that keep the type, joined by |"),
    DP_RANDOM_ORDER(dp_holder),
    DP_PARAMS_END,
};

static void draw(const void *params_, dp_place *place, double *draws)
{
    draws[0] = dp_rng_below(&place->rng, ((const dp_holder *)params_)->n);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    draws[0] = dp_std_uniform_int(engine, ((const dp_holder *)params_)->n - 1);
}

const dp_transform dp_transform_random_choice = {
    .info = {"transform", "random_choice", "apply one of some transforms", 1, sizeof(dp_holder),
             params},
    .foreign = "RandomChoice transforms:held workers unread",
    .draw = draw,
    .drawn = "chosen",
    .replay = replay,
    .holds = DP_HOLDS_ONE,
};
