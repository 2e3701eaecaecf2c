/* random_erasing.c - a random rectangle overwritten, or not
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Zhong et al. 2017.  Nothing is overwritten when no attempt fits.
 */
#include "transforms/shared/area.h"
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"
#include "transforms/shared/patch.h"

typedef struct random_erasing {
    DP_RANDOM_PARAMS;
    double prob;
    dp_numbers scale, ratio;
    dp_ints value;
    int64_t max_attempts;
    dp_area area;
} random_erasing;

static const dp_param params[] = {
    DP_COLUMN(random_erasing),
    DP_PROB(random_erasing),
    DP_NUMBERS(random_erasing, scale, "0.02,0.33", 1e-6, 1, "least,most share of the area"),
    DP_NUMBERS(random_erasing, ratio, "0.3,3.3", 1e-3, 1000, "least,most width / height"),
    DP_INTS(random_erasing, value, "0", 0, 255, "one, or one for each of three channels"),
    DP_INT(random_erasing, max_attempts, "10", 1, 1000, "before nothing is overwritten"),
    DP_RANDOM_ORDER(random_erasing),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_erasing *p = params_;
    dp_status status = dp_check_color(in, 0, err);

    (void)out, (void)arena;
    if (status == DP_OK && p->value.n != 1 && p->value.n != 3)
        status = dp_fail(err, DP_ESPEC, "value takes 1 or 3 numbers");
    if (status == DP_OK)
        status = dp_area_plan(&p->area, in, &p->scale, &p->ratio, err);
    p->area.max_attempts = p->max_attempts;
    return status;
}

/* No rectangle has no rows. */
static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_erasing *p = params_;
    const bool erased = dp_rng_uniform(&place->rng) < p->prob;

    if (!erased || !dp_area_draw(&p->area, place, draws))
        draws[0] = draws[1] = draws[2] = draws[3] = 0;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_erasing *p = params_;

    dp_copy(in, out);
    dp_patch(out, (int64_t)draws[0], (int64_t)draws[1], (int64_t)draws[2], (int64_t)draws[3],
             &p->value);
}

static bool fixed(const dp_fixing *f)
{
    return f->draws[2] == 0 ||
           dp_fix(f, "erase top={top} left={left} height={height} width={width} value={value}");
}

const dp_transform dp_transform_random_erasing = {
    .info = {"transform", "random_erasing", "overwrite a random rectangle with a probability", 1,
             sizeof(random_erasing), params},
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "top,left,height,width",
    .fixed = fixed,
};
