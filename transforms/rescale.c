/* rescale.c - x * rescale + shift in float32
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md: one fused multiply-add (what the library does on a CPU with AVX2), the
 * parameters rounded to float32 first; float64 input is computed in double.
 */
#include "transforms/pass/pass.h"
#include "transforms/shared/frame.h"

#include "base/number/num.h"

typedef struct rescale {
    const char *column;
    double rescale, shift;
    float a, b;
    float table[256]; /* of uint8 */
} rescale;

static const dp_param params[] = {
    DP_COLUMN(rescale),
    DP_NUMBER(rescale, rescale, NULL, 0, 16777216, "factor; 1/255 is allowed"),
    DP_NUMBER(rescale, shift, "0", -16777216, 16777216, "added"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    rescale *p = params_;

    (void)arena;
    if (in->type.rank < 1)
        return dp_fail(err, DP_ESPEC, "takes an array: column %s is a single %s", in->name,
                       dp_dtype_name(in->type.dtype));
    p->a = (float)p->rescale;
    p->b = (float)p->shift;
    for (int v = 0; v < 256; v++)
        p->table[v] = dp_fma32((float)v, p->a, p->b);
    out->type.dtype = DP_F32;
    out->limit = 0;
    return dp_check_image_type(in, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const rescale *p = params_;
    const size_t n = (size_t)dp_tensor_count(in);
    const uint8_t *u8 = in->data;
    float *y = out->data;

    (void)draws;
    switch (in->dtype) {
    case DP_U8:
        for (size_t i = 0; i < n; i++)
            y[i] = p->table[u8[i]];
        break;
    case DP_F64:
        for (size_t i = 0; i < n; i++)
            y[i] = (float)(((const double *)in->data)[i] * (double)p->a + (double)p->b);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            y[i] = dp_fma32(dp_load_f32(in->data, in->dtype, i), p->a, p->b);
    }
}

static void affine(const void *params_, int32_t channel, dp_linear *k)
{
    const rescale *p = params_;

    (void)channel;
    k->a = p->a;
    k->b = p->b;
}

const dp_transform dp_transform_rescale = {
    .info = {"transform", "rescale", "multiply and add, to float32", 1, sizeof(rescale), params},
    .foreign = "Rescale rescale shift batches",
    .plan = plan,
    .apply = apply,
    .pointwise = dp_always,
    .affine = affine,
};
