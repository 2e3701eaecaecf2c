/* random_color_adjust.c - brightness, contrast, saturation and hue, each by a random amount
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * One number v stands for the factors 1-v..1+v (not below 0), for hue for the turns -v..v.  Drawn
 * and applied in this order, or in one that is drawn first (MindSpore).
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

enum { BRIGHTNESS, CONTRAST, SATURATION, HUE, KINDS, ORDER = KINDS };

/* ORDER has a digit for each that is applied, in their order: 1 is brightness. */
static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_color_adjust *p = params_;

    for (int i = 0; i < KINDS; i++)
        draws[i] = dp_draw_between(place, p->range[i][0], p->range[i][1]);
    draws[ORDER] = 1234;
}

/* Nothing is drawn for a range that changes nothing, nor is it applied. */
static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    static const double nothing[] = {1, 1, 1, 0};
    const random_color_adjust *p = params_;
    uint32_t order[] = {BRIGHTNESS, CONTRAST, SATURATION, HUE};

    dp_std_shuffle(order, KINDS, engine);
    draws[ORDER] = 0;
    for (int i = 0; i < KINDS; i++) {
        const uint32_t kind = order[i];
        const double *range = p->range[kind];
        draws[kind] = nothing[kind];
        if (range[0] == nothing[kind] && range[1] == nothing[kind])
            continue;
        draws[kind] = dp_replay_between(engine, range[0], range[1]);
        draws[ORDER] = 10 * draws[ORDER] + 1 + kind;
    }
}

/* Kind number i of those that are applied, or KINDS behind the last one. */
static int kind_at(double order, int i)
{
    int digits = 0;

    for (int n = (int)order; n > 0; n /= 10)
        digits++;
    for (int n = (int)order; digits > 0; digits--, n /= 10) {
        if (digits == i + 1)
            return n % 10 - 1;
    }
    return KINDS;
}

/* Each change but the mean of contrast is pixel by pixel, so all run in place behind the first. */
static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    static void (*const change[])(double, const dp_tensor *, const dp_tensor *) = {
        dp_adjust_brightness, dp_adjust_contrast, dp_adjust_saturation, dp_adjust_hue};
    const dp_tensor *from = in;

    (void)params_;
    for (int i = 0, kind; (kind = kind_at(draws[ORDER], i)) != KINDS; i++, from = out)
        change[kind](draws[kind], from, out);
    if (from == in)
        dp_copy(in, out);
}

static bool fixed(const dp_fixing *f)
{
    static const char *const stages[] = {"adjust_brightness brightness_factor={brightness}",
                                         "adjust_contrast contrast_factor={contrast}",
                                         "adjust_saturation saturation_factor={saturation}",
                                         "adjust_hue hue_factor={hue}"};

    for (int i = 0, kind; (kind = kind_at(f->draws[ORDER], i)) != KINDS; i++)
        dp_fix(f, stages[kind]);
    return true;
}

const dp_transform dp_transform_random_color_adjust = {
    .info = {"transform", "random_color_adjust", "change brightness, contrast, saturation and hue",
             2, sizeof(random_color_adjust), params},
    .foreign =
        "RandomColorAdjust brightness:around contrast:around saturation:around hue:range workers",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "brightness,contrast,saturation,hue,order",
    .replay = replay,
    .replays_any_shape = true,
    .fixed = fixed,
};
