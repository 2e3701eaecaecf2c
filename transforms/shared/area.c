/* area.c - a random rectangle of a given share and shape of an image
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/area.h"

#include <math.h>

#include "base/number/num.h"

dp_status dp_area_plan(dp_area *a, const dp_column *in, const dp_numbers *scale,
                       const dp_numbers *ratio, dp_error *err)
{
    if (scale->n != 2 || ratio->n != 2 || scale->v[0] > scale->v[1] || ratio->v[0] > ratio->v[1])
        return dp_fail(err, DP_ESPEC, "scale and ratio take least,most");
    if (in->type.shape[0] > INT32_MAX / 2 || in->type.shape[1] > INT32_MAX / 2)
        return dp_fail(err, DP_ELIMIT, "the image is too large");
    a->height = in->type.shape[0];
    a->width = in->type.shape[1];
    for (int i = 0; i < 2; i++) {
        a->scale[i] = scale->v[i];
        a->ratio[i] = ratio->v[i];
    }
    return DP_OK;
}

/* Half away from zero; v >= 0. */
static double rounded(double v) { return (double)(int64_t)(v + 0.5); }

bool dp_area_sides(const dp_area *a, double share, double ratio, double *height, double *width)
{
    *width = rounded(sqrt((double)a->height * (double)a->width * share * ratio));
    *height = rounded(*width / ratio);
    *width = *width < 1 ? 1 : *width;
    *height = *height < 1 ? 1 : *height;
    return *width <= (double)a->width && *height <= (double)a->height;
}

bool dp_area_draw(const dp_area *a, dp_place *place, double draws[4])
{
    const double low = dp_log_d(a->ratio[0]), high = dp_log_d(a->ratio[1]);

    for (int64_t i = 0; i < a->max_attempts; i++) {
        const double u = dp_rng_uniform(&place->rng), v = dp_rng_uniform(&place->rng);
        const double share = a->scale[0] + u * (a->scale[1] - a->scale[0]);
        if (!dp_area_sides(a, share, dp_exp_d(low + v * (high - low)), &draws[2], &draws[3]))
            continue;
        draws[1] = dp_rng_below(&place->rng, (uint32_t)(a->width - (int64_t)draws[3] + 1));
        draws[0] = dp_rng_below(&place->rng, (uint32_t)(a->height - (int64_t)draws[2] + 1));
        return true;
    }
    return false;
}

/* In float32, and with one draw a number, as it is there. */
bool dp_area_replay(const dp_area *a, dp_mt19937 *engine, double draws[4])
{
    const float low = (float)dp_log_d((double)(float)a->ratio[0]);
    const float high = (float)dp_log_d((double)(float)a->ratio[1]);
    const float least = (float)a->scale[0], most = (float)a->scale[1];

    for (int64_t i = 0; i < a->max_attempts; i++) {
        const float u = dp_std_canonical_float(engine), share = u * (most - least) + least;
        const float v = dp_std_canonical_float(engine), power = v * (high - low) + low;
        const float ratio = (float)dp_exp_d((double)power);
        if (!dp_area_sides(a, (double)share, (double)ratio, &draws[2], &draws[3]))
            continue;
        draws[1] = dp_std_uniform_int(engine, (uint32_t)(a->width - (int64_t)draws[3]));
        draws[0] = dp_std_uniform_int(engine, (uint32_t)(a->height - (int64_t)draws[2]));
        return true;
    }
    return false;
}
