/* hwc2chw.c - from pixels to planes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/frame.h"

typedef struct hwc2chw {
    const char *column;
} hwc2chw;

static const dp_param params[] = {
    DP_COLUMN(hwc2chw),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    dp_status status = dp_check_image(in, err);

    (void)params_, (void)arena;
    if (status == DP_OK)
        status = dp_check_image_type(in, err);
    if (status == DP_OK && in->type.rank == 3) {
        out->type.shape[0] = in->type.shape[2];
        out->type.shape[1] = in->type.shape[0];
        out->type.shape[2] = in->type.shape[1];
    }
    return status;
}

#define TRANSPOSE(type)                                                                            \
    do {                                                                                           \
        const type *src = in->data;                                                                \
        type *dst = out->data;                                                                     \
        for (size_t c = 0; c < channels; c++) {                                                    \
            for (size_t i = 0; i < pixels; i++)                                                    \
                dst[c * pixels + i] = src[i * channels + c];                                       \
        }                                                                                          \
    } while (0)

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const size_t channels = in->rank == 3 ? (size_t)in->shape[2] : 1;
    const size_t pixels = (size_t)in->shape[0] * (size_t)in->shape[1];

    (void)params_, (void)draws;
    switch (dp_dtype_size(in->dtype)) {
    case 1: TRANSPOSE(uint8_t); break;
    case 2: TRANSPOSE(uint16_t); break;
    case 4: TRANSPOSE(uint32_t); break;
    case 8: TRANSPOSE(uint64_t); break;
    }
}

const dp_transform dp_transform_hwc2chw = {
    .info = {"transform", "hwc2chw", "turn an image <H,W,C> into planes <C,H,W>", 1,
             sizeof(hwc2chw), params},
    .foreign = "HwcToChw null",
    .plan = plan,
    .apply = apply,
    .makes_planes = true,
};
