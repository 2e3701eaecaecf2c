/* auto_augment.c - two operations, drawn from the policy that was learnt for CIFAR-10
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Cubuk et al. 2019, appendix: 25 pairs of operations, each with a probability and a magnitude
 * 0..9. Magnitude m stands for: shear 0.3 m / 9; translation 150/331 of the side times m / 9, whole
 * pixels; rotation 30 m / 9 degrees; brightness, colour, contrast and sharpness 0.9 m / 9 more or
 * less than 1; posterize 8 - round(4 m / 9) bits; solarize from 255 - 255 m / 9 on.  Draws: the
 * pair, whether each operation is applied, and whether each goes the other way.
 */
#include "transforms/shared/affine.h"
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"

typedef struct auto_augment {
    DP_RANDOM_PARAMS;
    int32_t policy;
    dp_ints fill_value;
} auto_augment;

static const dp_param params[] = {
    DP_COLUMN(auto_augment),
    DP_CHOICE(auto_augment, policy, "cifar10", "cifar10", "the data set it was learnt for"),
    DP_INTS(auto_augment, fill_value, "0", 0, 255, "of what lies outside"),
    DP_RANDOM_ORDER(auto_augment),
    DP_PARAMS_END,
};

typedef enum edit {
    AUTO_CONTRAST,
    BRIGHTNESS,
    COLOR,
    CONTRAST,
    EQUALIZE,
    INVERT,
    POSTERIZE,
    ROTATE,
    SHARPNESS,
    SHEAR_Y,
    SOLARIZE,
    TRANSLATE_X,
    TRANSLATE_Y
} edit;

typedef struct choice {
    edit edit;
    double probability;
    int magnitude;
} choice;

static const choice cifar10[25][2] = {
    {{INVERT, 0.1, 0}, {CONTRAST, 0.2, 6}},
    {{ROTATE, 0.7, 2}, {TRANSLATE_X, 0.3, 9}},
    {{SHARPNESS, 0.8, 1}, {SHARPNESS, 0.9, 3}},
    {{SHEAR_Y, 0.5, 8}, {TRANSLATE_Y, 0.7, 9}},
    {{AUTO_CONTRAST, 0.5, 0}, {EQUALIZE, 0.9, 0}},
    {{SHEAR_Y, 0.2, 7}, {POSTERIZE, 0.3, 7}},
    {{COLOR, 0.4, 3}, {BRIGHTNESS, 0.6, 7}},
    {{SHARPNESS, 0.3, 9}, {BRIGHTNESS, 0.7, 9}},
    {{EQUALIZE, 0.6, 0}, {EQUALIZE, 0.5, 0}},
    {{CONTRAST, 0.6, 7}, {SHARPNESS, 0.6, 5}},
    {{COLOR, 0.7, 7}, {TRANSLATE_X, 0.5, 8}},
    {{EQUALIZE, 0.3, 0}, {AUTO_CONTRAST, 0.4, 0}},
    {{TRANSLATE_Y, 0.4, 3}, {SHARPNESS, 0.2, 6}},
    {{BRIGHTNESS, 0.9, 6}, {COLOR, 0.2, 8}},
    {{SOLARIZE, 0.5, 2}, {INVERT, 0.0, 0}},
    {{EQUALIZE, 0.2, 0}, {AUTO_CONTRAST, 0.6, 0}},
    {{EQUALIZE, 0.2, 0}, {EQUALIZE, 0.6, 0}},
    {{COLOR, 0.9, 9}, {EQUALIZE, 0.6, 0}},
    {{AUTO_CONTRAST, 0.8, 0}, {SOLARIZE, 0.2, 8}},
    {{BRIGHTNESS, 0.1, 3}, {COLOR, 0.7, 0}},
    {{SOLARIZE, 0.4, 5}, {AUTO_CONTRAST, 0.9, 0}},
    {{TRANSLATE_Y, 0.9, 9}, {TRANSLATE_Y, 0.7, 9}},
    {{AUTO_CONTRAST, 0.9, 0}, {SOLARIZE, 0.8, 3}},
    {{EQUALIZE, 0.8, 0}, {INVERT, 0.1, 0}},
    {{TRANSLATE_Y, 0.7, 9}, {AUTO_CONTRAST, 0.9, 0}},
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const auto_augment *p = params_;

    (void)out, (void)arena;
    if (p->fill_value.n != 1 && p->fill_value.n != 3)
        return dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers");
    return dp_check_color(in, 3, err);
}

/* pair, then for each operation 0 = not applied, 1 = applied, -1 = applied the other way */
static void draw(const void *params_, dp_place *place, double *draws)
{
    (void)params_;
    draws[0] = dp_rng_below(&place->rng, 25);
    for (int i = 0; i < 2; i++) {
        const double u = dp_rng_uniform(&place->rng);
        const bool back = dp_rng_below(&place->rng, 2);
        draws[1 + i] = u >= cifar10[(int)draws[0]][i].probability ? 0 : back ? -1 : 1;
    }
}

static void move(const auto_augment *p, const dp_affine *forward, const dp_tensor *in,
                 const dp_tensor *out)
{
    const dp_affine back = dp_affine_inverse(forward);

    dp_affine_run(&back, false, &p->fill_value, in, out);
}

static void geometry(const auto_augment *p, edit o, double amount, const dp_tensor *in,
                     const dp_tensor *out)
{
    const double width = (double)in->shape[1], height = (double)in->shape[0];
    dp_affine f = {{1, 0, 0, 0, 1, 0}};

    if (o == ROTATE) {
        const dp_affine back =
            dp_affine_back(30 * amount, 1, (width - 1) / 2, (height - 1) / 2, 0, 0);
        dp_affine_run(&back, false, &p->fill_value, in, out);
        return;
    }
    if (o == SHEAR_Y)
        f.m[3] = 0.3 * amount;
    else if (o == TRANSLATE_X)
        f.m[2] = (double)(int64_t)(150.0 / 331.0 * width * amount);
    else
        f.m[5] = (double)(int64_t)(150.0 / 331.0 * height * amount);
    move(p, &f, in, out);
}

/* amount: the magnitude as a part of the largest, negative for the other way */
static void change(const auto_augment *p, const choice *c, double way, const dp_tensor *in,
                   const dp_tensor *out)
{
    static const dp_ints none = {.n = 0};
    const double part = c->magnitude / 9.0, amount = way * part, factor = 1 + 0.9 * amount;

    switch (c->edit) {
    case AUTO_CONTRAST: dp_auto_contrast(0, &none, in, out); break;
    case BRIGHTNESS: dp_adjust_brightness(factor, in, out); break;
    case COLOR: dp_adjust_saturation(factor, in, out); break;
    case CONTRAST: dp_adjust_contrast(factor, in, out); break;
    case EQUALIZE: dp_equalize(in, out); break;
    case INVERT: dp_invert(in, out); break;
    case POSTERIZE: dp_posterize(8 - (int64_t)(4 * part + 0.5), in, out); break;
    case SHARPNESS: dp_adjust_sharpness(factor, in, out); break;
    case SOLARIZE: dp_solarize(255 - 255 * part, 255, in, out); break;
    case ROTATE:
    case SHEAR_Y:
    case TRANSLATE_X:
    case TRANSLATE_Y: geometry(p, c->edit, amount, in, out); break;
    }
}

static void pass(const void *params_, const double *draws, int i, const dp_tensor *in,
                 const dp_tensor *out)
{
    if (draws[1 + i] == 0)
        dp_copy(in, out);
    else
        change(params_, &cifar10[(int)draws[0]][i], draws[1 + i], in, out);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    pass(params_, draws, 0, in, out);
}

static void then(const void *params_, const double *draws, const dp_tensor *in,
                 const dp_tensor *out)
{
    pass(params_, draws, 1, in, out);
}

const dp_transform dp_transform_auto_augment = {
    .info = {"transform", "auto_augment", "apply two operations of a learnt policy", 2,
             sizeof(auto_augment), params},
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "pair,first,second",
    .then = then,
};
