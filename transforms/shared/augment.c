/* augment.c - the operations that rand_augment and its like choose from, by their strength
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/augment.h"

#include "base/number/num.h"
#include "transforms/shared/affine.h"
#include "transforms/shared/color.h"

dp_status dp_check_augment(const dp_ints *fill_value, const dp_column *in, dp_error *err)
{
    if (fill_value->n != 1 && fill_value->n != 3)
        return dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers");
    return dp_check_color(in, 3, err);
}

bool dp_edit_has_magnitude(dp_edit e)
{
    return e != DP_EDIT_AUTO_CONTRAST && e != DP_EDIT_EQUALIZE && e != DP_EDIT_IDENTITY &&
           e != DP_EDIT_INVERT;
}

static bool has_sign(dp_edit e)
{
    return dp_edit_has_magnitude(e) && e != DP_EDIT_POSTERIZE && e != DP_EDIT_SOLARIZE;
}

/* Every step is rounded to a float. */
static float size_of(const dp_augment *a, const dp_tensor *image)
{
    const dp_strengths *s = a->most;
    const float i = (float)a->bin, n = (float)a->bins - 1;
    float most = s->color;

    switch (a->edit) {
    case DP_EDIT_POSTERIZE: return (float)dp_round_even((double)(i * (-s->posterize / n) + 8));
    case DP_EDIT_SOLARIZE: return s->solarize + i * (-s->solarize / n);
    case DP_EDIT_ROTATE: most = s->degrees; break;
    case DP_EDIT_SHEAR_X:
    case DP_EDIT_SHEAR_Y: most = s->shear; break;
    case DP_EDIT_TRANSLATE_X: most = s->shift[0] * (s->parts ? (float)image->shape[1] : 1); break;
    case DP_EDIT_TRANSLATE_Y: most = s->shift[1] * (s->parts ? (float)image->shape[0] : 1); break;
    default: break;
    }
    return i * (most / n);
}

static float magnitude_of(const dp_augment *a, const dp_tensor *image)
{
    const float size = size_of(a, image);

    return a->back && has_sign(a->edit) ? -size : size;
}

static void move(const dp_augment *a, float magnitude, const dp_tensor *in, const dp_tensor *out)
{
    const int axis = a->edit == DP_EDIT_SHEAR_Y || a->edit == DP_EDIT_TRANSLATE_Y;
    const float sides = magnitude * (float)in->shape[1 - axis];
    dp_affine_move m = {.scale = 1, .glibc = a->as_mindspore};
    dp_affine back;

    if (a->edit == DP_EDIT_SHEAR_X || a->edit == DP_EDIT_SHEAR_Y)
        m.shear[axis] = (double)(float)((double)(magnitude * 180) / DP_PI);
    else
        m.shift[axis] = a->as_mindspore ? (double)sides : (double)(int32_t)magnitude;
    back = dp_affine_moved(&m, in->shape[0], in->shape[1]);
    dp_affine_run(&back, a->linear, a->fill_value, in, out);
}

static void rotate(const dp_augment *a, float degrees, const dp_tensor *in, const dp_tensor *out)
{
    const dp_affine back = dp_affine_back((double)degrees, 1, ((double)in->shape[1] - 1) / 2,
                                          ((double)in->shape[0] - 1) / 2, 0, 0);
    dp_ints fill = *a->fill_value;

    for (int c = 0; c < 3 && a->as_mindspore && fill.n == 3; c++)
        fill.v[c] = a->fill_value->v[(c + 1) % 3];
    dp_affine_run(&back, a->linear, &fill, in, out);
}

void dp_augment_run(const dp_augment *a, const dp_tensor *in, const dp_tensor *out)
{
    static const dp_ints none = {.n = 0};
    const float m = magnitude_of(a, in);
    const double magnitude = (double)m, factor = (double)(1 + m);

    switch (a->edit) {
    case DP_EDIT_AUTO_CONTRAST: dp_auto_contrast(0, &none, in, out); break;
    case DP_EDIT_BRIGHTNESS: dp_adjust_brightness(factor, in, out); break;
    case DP_EDIT_COLOR: dp_adjust_saturation(factor, in, out); break;
    case DP_EDIT_CONTRAST: dp_adjust_contrast(factor, in, out); break;
    case DP_EDIT_EQUALIZE: dp_equalize(in, out); break;
    case DP_EDIT_IDENTITY: dp_copy(in, out); break;
    case DP_EDIT_INVERT: dp_invert(in, out); break;
    case DP_EDIT_POSTERIZE: dp_posterize((int64_t)magnitude, in, out); break;
    case DP_EDIT_ROTATE: rotate(a, m, in, out); break;
    case DP_EDIT_SHARPNESS: dp_adjust_sharpness(factor, in, out); break;
    case DP_EDIT_SHEAR_X:
    case DP_EDIT_SHEAR_Y:
    case DP_EDIT_TRANSLATE_X:
    case DP_EDIT_TRANSLATE_Y: move(a, m, in, out); break;
    case DP_EDIT_SOLARIZE: dp_solarize(magnitude, magnitude, in, out); break;
    }
}
