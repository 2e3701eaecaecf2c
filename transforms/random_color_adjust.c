/* random_color_adjust.c - brightness, contrast, saturation and hue, each by a random amount
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * One number v stands for the factors 1-v..1+v (not below 0), for hue for the turns -v..v.  Drawn
 * and applied in this order.
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct random_color_adjust {
    DP_RANDOM_PARAMS;
    dp_numbers brightness, contrast, saturation, hue;
    double range[4][2];
} random_color_adjust;

static const dp_param params[] = {
    DP_COLUMN(random_color_adjust),
    DP_NUMBERS(random_color_adjust, brightness, "1,1", 0, 1000, "least,most factor"),
    DP_NUMBERS(random_color_adjust, contrast, "1,1", 0, 1000, "least,most factor"),
    DP_NUMBERS(random_color_adjust, saturation, "1,1", 0, 1000, "least,most factor"),
    DP_NUMBERS(random_color_adjust, hue, "0,0", -0.5, 0.5, "least,most turn"),
    DP_RANDOM_ORDER(random_color_adjust),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    static const char *const names[] = {"brightness", "contrast", "saturation", "hue"};
    random_color_adjust *p = params_;
    const dp_numbers *lists[] = {&p->brightness, &p->contrast, &p->saturation, &p->hue};
    dp_status status = dp_check_color(in, 3, err);

    (void)out, (void)arena;
    for (int i = 0; i < 4 && status == DP_OK; i++) {
        status = dp_number_range(names[i], lists[i], p->range[i], err);
        if (lists[i]->n == 1 && i < 3) {
            p->range[i][1] = 1 + lists[i]->v[0];
            p->range[i][0] = lists[i]->v[0] < 1 ? 1 - lists[i]->v[0] : 0;
        }
    }
    return status;
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_color_adjust *p = params_;

    for (int i = 0; i < 4; i++)
        draws[i] = dp_draw_between(place, p->range[i][0], p->range[i][1]);
}

/* Each change but the mean of contrast is pixel by pixel, so all run in place behind the first. */
static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    (void)params_;
    dp_adjust_brightness(draws[0], in, out);
    dp_adjust_contrast(draws[1], out, out);
    dp_adjust_saturation(draws[2], out, out);
    dp_adjust_hue(draws[3], out, out);
}

static bool fixed(const dp_fixing *f)
{
    return dp_fix(f, "adjust_brightness brightness_factor={brightness}"
                     " | adjust_contrast contrast_factor={contrast}"
                     " | adjust_saturation saturation_factor={saturation}"
                     " | adjust_hue hue_factor={hue}");
}

const dp_transform dp_transform_random_color_adjust = {
    .info = {"transform", "random_color_adjust", "change brightness, contrast, saturation and hue",
             2, sizeof(random_color_adjust), params},
    .foreign = "RandomColorAdjust brightness contrast saturation hue",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "brightness,contrast,saturation,hue",
    .fixed = fixed,
};
