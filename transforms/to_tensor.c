/* to_tensor.c - planes of float32 between 0 and 1
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

typedef struct to_tensor {
    const char *column;
} to_tensor;

static const dp_param params[] = {
    DP_COLUMN(to_tensor),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const dp_tensor *t = &in->type;

    (void)params_, (void)arena;
    out->type =
        (dp_tensor){NULL, DP_F32, 3, {t->rank == 3 ? t->shape[2] : 1, t->shape[0], t->shape[1]}};
    out->limit = 0;
    return dp_check_color(in, 0, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const int64_t channels = out->shape[0], n = out->shape[1] * out->shape[2];
    const uint8_t *src = in->data;
    float *dst = out->data;

    (void)params_, (void)draws;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t i = 0; i < n; i++)
            dst[c * n + i] = (float)src[i * channels + c] * (float)(1.0 / 255.0);
    }
}

const dp_transform dp_transform_to_tensor = {
    .info = {"transform", "to_tensor", "divide by 255 and turn channels into planes", 1,
             sizeof(to_tensor), params},
    .foreign = "ToTensor output_type!float32",
    .plan = plan,
    .apply = apply,
};
