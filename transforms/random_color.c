/* random_color.c - colours stronger or weaker by a random amount
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * As adjust_saturation, but for the rounding of a product (dp_color): so no stage does the same.
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef dp_strength random_color;

static const dp_param params[] = {
    DP_COLUMN(random_color),
    DP_NUMBERS(random_color, degrees, "0.1,1.9", 0, 1000,
               "least,most factor; 0 is gray, 1 changes nothing"),
    DP_RANDOM_ORDER(random_color),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_color *p = params_;
    const dp_status status = dp_number_range("degrees", &p->degrees, p->range, err);

    (void)out, (void)arena;
    return status != DP_OK ? status : dp_check_color(in, 3, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_color(draws[0], in, out);
}

const dp_transform dp_transform_random_color = {
    .info = {"transform", "random_color", "change the saturation by a random amount", 1,
             sizeof(random_color), params},
    .foreign = "RandomColor degrees:range workers",
    .plan = plan,
    .apply = apply,
    .draw = dp_draw_strength,
    .drawn = "factor",
    .replay = dp_replay_strength,
    .replays_any_shape = true,
};
