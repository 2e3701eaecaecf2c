/* rotate.c - the image turned about its middle
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/number/num.h"
#include "transforms/shared/affine.h"
#include "transforms/shared/color.h"
#include "transforms/shared/frame.h"

typedef struct rotate {
    const char *column;
    double degree;
    int32_t resample;
    bool expand;
    dp_ints fill_value;
    dp_affine back;
} rotate;

static const dp_param params[] = {
    DP_COLUMN(rotate),
    DP_NUMBER(rotate, degree, NULL, -1e6, 1e6, "counter-clockwise"),
    DP_CHOICE(rotate, resample, "nearest", "linear,nearest", "how pixels are mixed"),
    DP_BOOLEAN(rotate, expand, "false", "make room for the whole image"),
    DP_INTS(rotate, fill_value, "0", 0, 255, "of what lies outside: one value, or one a channel"),
    DP_PARAMS_END,
};

/* The side of the box around four corners: those of two neighbours, and these mirrored about the
 * middle. */
static float side_of(float middle, float one, float other)
{
    const float corners[4] = {one, other, 2 * middle - one, 2 * middle - other};
    float least = one, most = one;

    for (int i = 1; i < 4; i++) {
        least = corners[i] < least ? corners[i] : least;
        most = corners[i] > most ? corners[i] : most;
    }
    return most - least;
}

/* Height and width of the box around the turned image: OpenCV's, every step rounded to binary32. */
static void box_of(double degree, const int64_t size[2], float box[2])
{
    const float height = (float)size[0], width = (float)size[1];
    const float y = (height - 1) / 2, x = (width - 1) / 2;
    double sine, cosine;
    float a, b;

    dp_sincos(degree * DP_PI / 180, &sine, &cosine);
    a = (float)sine * 0.5f;
    b = (float)cosine * 0.5f;
    box[0] = side_of(y, y + b * height - a * width, y - b * height - a * width);
    box[1] = side_of(x, x - a * height - b * width, x + a * height - b * width);
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    rotate *p = params_;
    const double degree = (double)(float)p->degree;
    const double height = (double)in->type.shape[0], width = (double)in->type.shape[1];
    float box[2] = {(float)height, (float)width};
    dp_status status = dp_check_color(in, 0, err);

    (void)arena;
    if (status == DP_OK && p->fill_value.n != 1 && p->fill_value.n != 3)
        status = dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers");
    if (status != DP_OK)
        return status;
    if (p->expand)
        box_of(degree, in->type.shape, box);
    p->back = dp_affine_back(degree, 1, (width - 1) / 2, (height - 1) / 2,
                             ((double)box[1] - width) / 2, ((double)box[0] - height) / 2);
    return dp_resized(out, (int64_t)dp_round_even((double)box[0]),
                      (int64_t)dp_round_even((double)box[1]), err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const rotate *p = params_;

    (void)draws;
    dp_affine_run(&p->back, p->resample == 0, &p->fill_value, in, out);
}

const dp_transform dp_transform_rotate = {
    .info = {"transform", "rotate", "turn the image", 2, sizeof(rotate), params},
    .foreign = "Rotate degree resample=linear,nearest expand center![] fill_value:reversed batches",
    .plan = plan,
    .apply = apply,
};
