/* convert_color.c - channels in another order, with alpha, or mixed to gray
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

enum { RGB2BGR, RGB2RGBA, RGB2GRAY, BGR2GRAY };

typedef struct convert_color {
    const char *column;
    int32_t convert_mode;
} convert_color;

static const dp_param params[] = {
    DP_COLUMN(convert_color),
    DP_CHOICE(convert_color, convert_mode, NULL, "rgb2bgr,rgb2rgba,rgb2gray,bgr2gray",
              "from what to what; alpha is 255"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const convert_color *p = params_;

    (void)arena;
    if (p->convert_mode == RGB2RGBA)
        out->type.shape[2] = 4;
    if (p->convert_mode == RGB2GRAY || p->convert_mode == BGR2GRAY)
        out->type.rank = 2;
    return dp_check_color(in, 3, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const int32_t mode = ((const convert_color *)params_)->convert_mode;
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;

    (void)draws;
    for (int64_t i = 0; i < in->shape[0] * in->shape[1]; i++, src += 3) {
        if (mode == RGB2GRAY || mode == BGR2GRAY) {
            *dst++ = dp_gray(src[mode == RGB2GRAY ? 0 : 2], src[1], src[mode == RGB2GRAY ? 2 : 0]);
            continue;
        }
        for (int c = 0; c < 3; c++)
            *dst++ = src[mode == RGB2BGR ? 2 - c : c];
        if (mode == RGB2RGBA)
            *dst++ = 255;
    }
}

const dp_transform dp_transform_convert_color = {
    .info = {"transform", "convert_color", "change the order or number of the channels", 1,
             sizeof(convert_color), params},
    .foreign = "ConvertColor convert_mode=rgb2rgba,,,,rgb2bgr,,bgr2gray,rgb2gray unread",
    .plan = plan,
    .apply = apply,
};
