/* auto_augment.c - two operations, drawn from a policy that was learnt
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Cubuk et al. 2019, appendix: 25 pairs of operations, each with a probability and a magnitude
 * 0..9. Magnitude m stands for: shear 0.3 m / 9; translation 150/331 of the side times m / 9, whole
 * pixels; rotation 30 m / 9 degrees; brightness, colour, contrast and sharpness 0.9 m / 9 more or
 * less than 1; posterize 8 - round(4 m / 9) bits; solarize from 255 - 255 m / 9 on.  Draws: the
 * pair, whether each operation is applied, and whether each goes the other way.  order=mindspore
 * makes of a magnitude what transforms/shared/augment.h does.
 */
#include "transforms/shared/affine.h"
#include "transforms/shared/augment.h"
#include "transforms/shared/color.h"

typedef struct auto_augment {
    DP_RANDOM_PARAMS;
    DP_AUGMENT_PARAMS;
    int32_t policy;
} auto_augment;

static const dp_param params[] = {
    DP_COLUMN(auto_augment),
    DP_CHOICE(auto_augment, policy, "cifar10", "imagenet,cifar10,svhn",
              "the data set it was learnt for"),
    DP_INTS(auto_augment, fill_value, "0", 0, 255, "of what lies outside"),
    DP_RANDOM_ORDER(auto_augment),
    DP_LATER_CHOICE(auto_augment, interpolation, "nearest", "linear,nearest",
                    "how pixels are mixed"),
    DP_PARAMS_END,
};

#define MAGNITUDES 10

typedef struct choice {
    dp_edit edit;
    double probability;
    int magnitude;
} choice;

enum { IMAGENET, CIFAR10, SVHN, POLICIES };
static const choice policies[POLICIES][25][2] =
    {
        [IMAGENET] =
            {
                {{DP_EDIT_POSTERIZE, 0.4, 8}, {DP_EDIT_ROTATE, 0.6, 9}},
                {{DP_EDIT_SOLARIZE, 0.6, 5}, {DP_EDIT_AUTO_CONTRAST, 0.6, 0}},
                {{DP_EDIT_EQUALIZE, 0.8, 0}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_POSTERIZE, 0.6, 7}, {DP_EDIT_POSTERIZE, 0.6, 6}},
                {{DP_EDIT_EQUALIZE, 0.4, 0}, {DP_EDIT_SOLARIZE, 0.2, 4}},
                {{DP_EDIT_EQUALIZE, 0.4, 0}, {DP_EDIT_ROTATE, 0.8, 8}},
                {{DP_EDIT_SOLARIZE, 0.6, 3}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_POSTERIZE, 0.8, 5}, {DP_EDIT_EQUALIZE, 1.0, 0}},
                {{DP_EDIT_ROTATE, 0.2, 3}, {DP_EDIT_SOLARIZE, 0.6, 8}},
                {{DP_EDIT_EQUALIZE, 0.6, 0}, {DP_EDIT_POSTERIZE, 0.4, 6}},
                {{DP_EDIT_ROTATE, 0.8, 8}, {DP_EDIT_COLOR, 0.4, 0}},
                {{DP_EDIT_ROTATE, 0.4, 9}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_EQUALIZE, 0.0, 0}, {DP_EDIT_EQUALIZE, 0.8, 0}},
                {{DP_EDIT_INVERT, 0.6, 0}, {DP_EDIT_EQUALIZE, 1.0, 0}},
                {{DP_EDIT_COLOR, 0.6, 4}, {DP_EDIT_CONTRAST, 1.0, 8}},
                {{DP_EDIT_ROTATE, 0.8, 8}, {DP_EDIT_COLOR, 1.0, 2}},
                {{DP_EDIT_COLOR, 0.8, 8}, {DP_EDIT_SOLARIZE, 0.8, 7}},
                {{DP_EDIT_SHARPNESS, 0.4, 7}, {DP_EDIT_INVERT, 0.6, 0}},
                {{DP_EDIT_SHEAR_X, 0.6, 5}, {DP_EDIT_EQUALIZE, 1.0, 0}},
                {{DP_EDIT_COLOR, 0.4, 0}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_EQUALIZE, 0.4, 0}, {DP_EDIT_SOLARIZE, 0.2, 4}},
                {{DP_EDIT_SOLARIZE, 0.6, 5}, {DP_EDIT_AUTO_CONTRAST, 0.6, 0}},
                {{DP_EDIT_INVERT, 0.6, 0}, {DP_EDIT_EQUALIZE, 1.0, 0}},
                {{DP_EDIT_COLOR, 0.6, 4}, {DP_EDIT_CONTRAST, 1.0, 8}},
                {{DP_EDIT_EQUALIZE, 0.8, 0}, {DP_EDIT_EQUALIZE, 0.6, 0}},
            },
        [CIFAR10] =
            {
                {{DP_EDIT_INVERT, 0.1, 0}, {DP_EDIT_CONTRAST, 0.2, 6}},
                {{DP_EDIT_ROTATE, 0.7, 2}, {DP_EDIT_TRANSLATE_X, 0.3, 9}},
                {{DP_EDIT_SHARPNESS, 0.8, 1}, {DP_EDIT_SHARPNESS, 0.9, 3}},
                {{DP_EDIT_SHEAR_Y, 0.5, 8}, {DP_EDIT_TRANSLATE_Y, 0.7, 9}},
                {{DP_EDIT_AUTO_CONTRAST, 0.5, 0}, {DP_EDIT_EQUALIZE, 0.9, 0}},
                {{DP_EDIT_SHEAR_Y, 0.2, 7}, {DP_EDIT_POSTERIZE, 0.3, 7}},
                {{DP_EDIT_COLOR, 0.4, 3}, {DP_EDIT_BRIGHTNESS, 0.6, 7}},
                {{DP_EDIT_SHARPNESS, 0.3, 9}, {DP_EDIT_BRIGHTNESS, 0.7, 9}},
                {{DP_EDIT_EQUALIZE, 0.6, 0}, {DP_EDIT_EQUALIZE, 0.5, 0}},
                {{DP_EDIT_CONTRAST, 0.6, 7}, {DP_EDIT_SHARPNESS, 0.6, 5}},
                {{DP_EDIT_COLOR, 0.7, 7}, {DP_EDIT_TRANSLATE_X, 0.5, 8}},
                {{DP_EDIT_EQUALIZE, 0.3, 0}, {DP_EDIT_AUTO_CONTRAST, 0.4, 0}},
                {{DP_EDIT_TRANSLATE_Y, 0.4, 3}, {DP_EDIT_SHARPNESS, 0.2, 6}},
                {{DP_EDIT_BRIGHTNESS, 0.9, 6}, {DP_EDIT_COLOR, 0.2, 8}},
                {{DP_EDIT_SOLARIZE, 0.5, 2}, {DP_EDIT_INVERT, 0.0, 0}},
                {{DP_EDIT_EQUALIZE, 0.2, 0}, {DP_EDIT_AUTO_CONTRAST, 0.6, 0}},
                {{DP_EDIT_EQUALIZE, 0.2, 0}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_COLOR, 0.9, 9}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_AUTO_CONTRAST, 0.8, 0}, {DP_EDIT_SOLARIZE, 0.2, 8}},
                {{DP_EDIT_BRIGHTNESS, 0.1, 3}, {DP_EDIT_COLOR, 0.7, 0}},
                {{DP_EDIT_SOLARIZE, 0.4, 5}, {DP_EDIT_AUTO_CONTRAST, 0.9, 0}},
                {{DP_EDIT_TRANSLATE_Y, 0.9, 9}, {DP_EDIT_TRANSLATE_Y, 0.7, 9}},
                {{DP_EDIT_AUTO_CONTRAST, 0.9, 0}, {DP_EDIT_SOLARIZE, 0.8, 3}},
                {{DP_EDIT_EQUALIZE, 0.8, 0}, {DP_EDIT_INVERT, 0.1, 0}},
                {{DP_EDIT_TRANSLATE_Y, 0.7, 9}, {DP_EDIT_AUTO_CONTRAST, 0.9, 0}},
            },
        [SVHN] =
            {
                {{DP_EDIT_SHEAR_X, 0.9, 4}, {DP_EDIT_INVERT, 0.2, 0}},
                {{DP_EDIT_SHEAR_Y, 0.9, 8}, {DP_EDIT_INVERT, 0.7, 0}},
                {{DP_EDIT_EQUALIZE, 0.6, 0}, {DP_EDIT_SOLARIZE, 0.6, 6}},
                {{DP_EDIT_INVERT, 0.9, 0}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_EQUALIZE, 0.6, 0}, {DP_EDIT_ROTATE, 0.9, 3}},
                {{DP_EDIT_SHEAR_X, 0.9, 4}, {DP_EDIT_AUTO_CONTRAST, 0.8, 0}},
                {{DP_EDIT_SHEAR_Y, 0.9, 8}, {DP_EDIT_INVERT, 0.4, 0}},
                {{DP_EDIT_SHEAR_Y, 0.9, 5}, {DP_EDIT_SOLARIZE, 0.2, 6}},
                {{DP_EDIT_INVERT, 0.9, 0}, {DP_EDIT_AUTO_CONTRAST, 0.8, 0}},
                {{DP_EDIT_EQUALIZE, 0.6, 0}, {DP_EDIT_ROTATE, 0.9, 3}},
                {{DP_EDIT_SHEAR_X, 0.9, 4}, {DP_EDIT_SOLARIZE, 0.3, 3}},
                {{DP_EDIT_SHEAR_Y, 0.8, 8}, {DP_EDIT_INVERT, 0.7, 0}},
                {{DP_EDIT_EQUALIZE, 0.9, 0}, {DP_EDIT_TRANSLATE_Y, 0.6, 6}},
                {{DP_EDIT_INVERT, 0.9, 0}, {DP_EDIT_EQUALIZE, 0.6, 0}},
                {{DP_EDIT_CONTRAST, 0.3, 3}, {DP_EDIT_ROTATE, 0.8, 4}},
                {{DP_EDIT_INVERT, 0.8, 0}, {DP_EDIT_TRANSLATE_Y, 0.0, 2}},
                {{DP_EDIT_SHEAR_Y, 0.7, 6}, {DP_EDIT_SOLARIZE, 0.4, 8}},
                {{DP_EDIT_INVERT, 0.6, 0}, {DP_EDIT_ROTATE, 0.8, 4}},
                {{DP_EDIT_SHEAR_Y, 0.3, 7}, {DP_EDIT_TRANSLATE_X, 0.9, 3}},
                {{DP_EDIT_SHEAR_X, 0.1, 6}, {DP_EDIT_INVERT, 0.6, 0}},
                {{DP_EDIT_SOLARIZE, 0.7, 2}, {DP_EDIT_TRANSLATE_Y, 0.6, 7}},
                {{DP_EDIT_SHEAR_Y, 0.8, 4}, {DP_EDIT_INVERT, 0.8, 0}},
                {{DP_EDIT_SHEAR_X, 0.7, 9}, {DP_EDIT_TRANSLATE_Y, 0.8, 3}},
                {{DP_EDIT_SHEAR_Y, 0.8, 5}, {DP_EDIT_AUTO_CONTRAST, 0.7, 0}},
                {{DP_EDIT_SHEAR_X, 0.7, 2}, {DP_EDIT_INVERT, 0.1, 0}},
            },
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const auto_augment *p = params_;

    (void)out, (void)arena;
    return dp_check_augment(&p->fill_value, in, err);
}

/* pair, then for each operation 0 = not applied, 1 = applied, -1 = applied the other way */
static void draw(const void *params_, dp_place *place, double *draws)
{
    const auto_augment *p = params_;

    draws[0] = dp_rng_below(&place->rng, 25);
    for (int i = 0; i < 2; i++) {
        const double u = dp_rng_uniform(&place->rng);
        const bool back = dp_rng_below(&place->rng, 2);
        draws[1 + i] = u >= policies[p->policy][(int)draws[0]][i].probability ? 0 : back ? -1 : 1;
    }
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const auto_augment *p = params_;
    float u[2];

    draws[0] = dp_std_uniform_int(engine, 24);
    for (int i = 0; i < 2; i++)
        u[i] = dp_std_canonical_float(engine);
    for (int i = 0; i < 2; i++) {
        const double way = dp_std_uniform_int(engine, 1) != 0 ? 1 : -1;
        const choice *c = &policies[p->policy][(int)draws[0]][i];
        draws[1 + i] = u[i] <= (float)c->probability ? way : 0;
    }
}

static void move(const auto_augment *p, const dp_affine *forward, const dp_tensor *in,
                 const dp_tensor *out)
{
    const dp_affine back = dp_affine_inverse(forward);

    dp_affine_run(&back, p->interpolation == 0, &p->fill_value, in, out);
}

static void geometry(const auto_augment *p, dp_edit e, double amount, const dp_tensor *in,
                     const dp_tensor *out)
{
    const double width = (double)in->shape[1], height = (double)in->shape[0];
    dp_affine f = {{1, 0, 0, 0, 1, 0}};

    if (e == DP_EDIT_ROTATE) {
        const dp_affine back =
            dp_affine_back(30 * amount, 1, (width - 1) / 2, (height - 1) / 2, 0, 0);
        dp_affine_run(&back, p->interpolation == 0, &p->fill_value, in, out);
        return;
    }
    if (e == DP_EDIT_SHEAR_X)
        f.m[1] = 0.3 * amount;
    else if (e == DP_EDIT_SHEAR_Y)
        f.m[3] = 0.3 * amount;
    else if (e == DP_EDIT_TRANSLATE_X)
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
    case DP_EDIT_AUTO_CONTRAST: dp_auto_contrast(0, &none, in, out); break;
    case DP_EDIT_BRIGHTNESS: dp_adjust_brightness(factor, in, out); break;
    case DP_EDIT_COLOR: dp_adjust_saturation(factor, in, out); break;
    case DP_EDIT_CONTRAST: dp_adjust_contrast(factor, in, out); break;
    case DP_EDIT_EQUALIZE: dp_equalize(in, out); break;
    case DP_EDIT_IDENTITY: break; /* in no policy */
    case DP_EDIT_INVERT: dp_invert(in, out); break;
    case DP_EDIT_POSTERIZE: dp_posterize(8 - (int64_t)(4 * part + 0.5), in, out); break;
    case DP_EDIT_SHARPNESS: dp_adjust_sharpness(factor, in, out); break;
    case DP_EDIT_SOLARIZE: dp_solarize(255 - 255 * part, 255, in, out); break;
    case DP_EDIT_ROTATE:
    case DP_EDIT_SHEAR_X:
    case DP_EDIT_SHEAR_Y:
    case DP_EDIT_TRANSLATE_X:
    case DP_EDIT_TRANSLATE_Y: geometry(p, c->edit, amount, in, out); break;
    }
}

static void change_as_mindspore(const auto_augment *p, const choice *c, double way,
                                const dp_tensor *in, const dp_tensor *out)
{
    static const dp_strengths most = {.color = 0.9f,
                                      .posterize = 4,
                                      .shear = 0.3f,
                                      .degrees = 30,
                                      .solarize = 256,
                                      .shift = {150.0f / 331, 150.0f / 331},
                                      .parts = true};
    const dp_augment a = {.edit = c->edit,
                          .most = &most,
                          .bin = c->magnitude,
                          .bins = MAGNITUDES,
                          .back = way < 0,
                          .linear = p->interpolation == 0,
                          .fill_value = &p->fill_value,
                          .as_mindspore = true};

    dp_augment_run(&a, in, out);
}

static void pass(const auto_augment *p, const double *draws, int i, const dp_tensor *in,
                 const dp_tensor *out)
{
    const choice *c = &policies[p->policy][(int)draws[0]][i];

    if (draws[1 + i] == 0)
        dp_copy(in, out);
    else if (p->order != 0)
        change_as_mindspore(p, c, draws[1 + i], in, out);
    else
        change(p, c, draws[1 + i], in, out);
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
    .foreign = "AutoAugment policy=imagenet,cifar10,svhn interpolation=linear,nearest fill_value "
               "workers unread",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn = "pair,first,second",
    .replay = replay,
    .replays_any_shape = true,
    .then = then,
};
