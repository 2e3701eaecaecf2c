/* random_posterize.c - a random number of upper bits
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_posterize {
    DP_RANDOM_PARAMS;
    dp_ints bits;
} random_posterize;

static const dp_param params[] = {
    DP_COLUMN(random_posterize),
    DP_INTS(random_posterize, bits, "4,8", 1, 8, "least,most upper bits that stay"),
    DP_RANDOM_ORDER(random_posterize),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const random_posterize *p = params_;

    (void)out, (void)arena;
    if (p->bits.n > 2 || p->bits.v[0] > p->bits.v[p->bits.n - 1])
        return dp_fail(err, DP_ESPEC, "bits takes least,most, or one number");
    return dp_check_color(in, 0, err);
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_posterize *p = params_;
    const int64_t least = p->bits.v[0], most = p->bits.v[p->bits.n - 1];

    draws[0] = (double)(least + dp_rng_below(&place->rng, (uint32_t)(most - least + 1)));
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_posterize *p = params_;

    draws[0] = dp_replay_integer(engine, p->bits.v[0], p->bits.v[p->bits.n - 1]);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_posterize((int64_t)draws[0], in, out);
}

static bool fixed(const dp_fixing *f) { return dp_fix(f, "posterize bits={bits}"); }

const dp_transform dp_transform_random_posterize = {
    .info = {"transform", "random_posterize", "keep a random number of upper bits", 1,
             sizeof(random_posterize), params},
    .foreign = "RandomPosterize bits workers",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "bits",
    .replay = replay,
    .replays_any_shape = true,
    .fixed = fixed,
};
