/* random_horizontal_flip.c - the image mirrored left to right, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native draw: one uniform number u for every row; the image is mirrored when u < prob.
 */
#include <string.h>

#include "transforms/flip.h"

typedef struct random_horizontal_flip {
    const char *column;
    double prob;
    int32_t order;
} random_horizontal_flip;

static const dp_param params[] = {
    DP_COLUMN(random_horizontal_flip),
    DP_NUMBER(random_horizontal_flip, prob, "0.5", 0, 1, "of a mirrored image"),
    DP_NATIVE_ORDER(random_horizontal_flip),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    (void)params_, (void)out, (void)arena;
    return dp_check_flip("random_horizontal_flip", in, err);
}

static void apply(const void *params_, dp_rng *rng, const dp_tensor *in, const dp_tensor *out)
{
    const random_horizontal_flip *p = params_;

    if (dp_rng_uniform(rng) < p->prob)
        dp_flip_horizontal(in, out);
    else
        memcpy(out->data, in->data, dp_tensor_bytes(in));
}

const dp_transform dp_transform_random_horizontal_flip = {
    .info = {"transform", "random_horizontal_flip",
             "mirror the image left to right with a probability", 1, params},
    .size = sizeof(random_horizontal_flip),
    .random = true,
    .plan = plan,
    .apply = apply,
};
