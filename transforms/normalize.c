/* normalize.c - (x - mean) / std, channel by channel
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md: everything in float32, each step rounded, a true division and no fma.
 */
#include "transforms/pass/pass.h"

typedef struct normalize {
    const char *column;
    dp_numbers mean, std;
    bool is_hwc;
    float m[DP_MAX_LIST], s[DP_MAX_LIST];
    size_t channels, run; /* run = neighbours of one channel */
} normalize;

static const dp_param params[] = {
    DP_COLUMN(normalize),
    DP_NUMBERS(normalize, mean, NULL, 0, 255, "one number, or one for each channel"),
    DP_NUMBERS(normalize, std, NULL, 1e-45, 255, "one number, or one for each channel"),
    DP_BOOLEAN(normalize, is_hwc, "true", "channels are the last dimension; false: the first"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    normalize *p = params_;
    const int32_t rank = in->type.rank;

    (void)arena;
    if (rank < 2)
        return dp_fail(err, DP_ESPEC, "takes images: column %s is %s", in->name,
                       dp_tensor_type(&in->type).text);
    if (p->mean.n != p->std.n)
        return dp_fail(err, DP_ESPEC, "mean has %d numbers and std %d", p->mean.n, p->std.n);
    p->channels = rank == 2 ? 1 : (size_t)in->type.shape[p->is_hwc ? rank - 1 : 0];
    if (p->mean.n != 1 && (size_t)p->mean.n != p->channels)
        return dp_fail(err, DP_ESPEC, "mean has %d numbers, column %s has %zu channels (is_hwc=%s)",
                       p->mean.n, in->name, p->channels, p->is_hwc ? "true" : "false");
    for (int32_t i = 0; i < p->mean.n; i++) {
        p->m[i] = (float)p->mean.v[i];
        p->s[i] = (float)p->std.v[i];
    }
    if (p->mean.n == 1)
        p->channels = 1;
    p->run = p->channels == 1 ? (size_t)dp_tensor_count(&in->type)
             : p->is_hwc      ? 1
                              : (size_t)dp_tensor_count(&in->type) / p->channels;
    out->type.dtype = DP_F32;
    out->limit = 0;
    return DP_OK;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const normalize *p = params_;
    const size_t n = (size_t)dp_tensor_count(in);
    const float *x = in->data;
    float *y = out->data;

    (void)draws;
    for (size_t i = 0, c = 0; i < n; c = c + 1 == p->channels ? 0 : c + 1) {
        const float m = p->m[c], s = p->s[c];
        const size_t end = i + p->run;
        if (in->dtype == DP_F32) {
            for (; i < end; i++)
                y[i] = (x[i] - m) / s;
        } else {
            for (; i < end; i++)
                y[i] = (dp_load_f32(in->data, in->dtype, i) - m) / s;
        }
    }
}

/* Planes have their channel in the first dimension. */
static bool pointwise(const void *params_)
{
    const normalize *p = params_;

    return p->is_hwc || p->channels == 1;
}

static void affine(const void *params_, int32_t channel, dp_linear *k)
{
    const normalize *p = params_;
    const size_t c = p->channels == 1 ? 0 : (size_t)channel;

    k->m = p->m[c];
    k->s = p->s[c];
}

const dp_transform dp_transform_normalize = {
    .info = {"transform", "normalize", "subtract a mean, divide by a deviation, to float32", 1,
             sizeof(normalize), params},
    .foreign = "Normalize mean std is_hwc batches",
    .plan = plan,
    .apply = apply,
    .pointwise = pointwise,
    .affine = affine,
};
