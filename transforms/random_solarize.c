/* random_solarize.c - values of a random range inverted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native draws: two values, the smaller is the low end.
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_solarize {
    DP_RANDOM_PARAMS;
    dp_ints threshold;
} random_solarize;

static const dp_param params[] = {
    DP_COLUMN(random_solarize),
    DP_INTS(random_solarize, threshold, "0,255", 0, 255, "least,most that the range is drawn from"),
    DP_RANDOM_ORDER(random_solarize),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const random_solarize *p = params_;

    (void)out, (void)arena;
    if (p->threshold.n != 2 || p->threshold.v[0] > p->threshold.v[1])
        return dp_fail(err, DP_ESPEC, "threshold takes least,most");
    return dp_check_color(in, 0, err);
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_solarize *p = params_;
    const uint32_t n = (uint32_t)(p->threshold.v[1] - p->threshold.v[0] + 1);
    const double a = dp_rng_below(&place->rng, n), b = dp_rng_below(&place->rng, n);

    draws[0] = (double)p->threshold.v[0] + (a < b ? a : b);
    draws[1] = (double)p->threshold.v[0] + (a < b ? b : a);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_solarize *p = params_;

    const double a = dp_replay_integer(engine, p->threshold.v[0], p->threshold.v[1]);
    const double b = dp_replay_integer(engine, p->threshold.v[0], p->threshold.v[1]);

    draws[0] = a < b ? a : b;
    draws[1] = a < b ? b : a;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_solarize(draws[0], draws[1], in, out);
}

static bool fixed(const dp_fixing *f) { return dp_fix(f, "solarize threshold={low},{high}"); }

const dp_transform dp_transform_random_solarize = {
    .info = {"transform", "random_solarize", "invert the values of a random range", 1,
             sizeof(random_solarize), params},
    .foreign = "RandomSolarize threshold workers",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "low,high",
    .replay = replay,
    .replays_any_shape = true,
    .fixed = fixed,
};
