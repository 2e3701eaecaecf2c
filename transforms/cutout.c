/* cutout.c - squares at random places set to 0
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * DeVries and Taylor 2017.  Each square draws its top, then its left, uniform over -length ..
 * height - 1 and -length .. width - 1; what lies outside is cut off.
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"
#include "transforms/shared/patch.h"

#define MAX_PATCHES 8

typedef struct cutout {
    DP_RANDOM_PARAMS;
    int64_t length, num_patches;
    uint32_t places[2]; /* tops and lefts to choose from */
} cutout;

static const dp_param params[] = {
    DP_COLUMN(cutout),
    DP_INT(cutout, length, NULL, 1, 16777216, "side of a square"),
    DP_INT(cutout, num_patches, "1", 1, MAX_PATCHES, "squares"),
    DP_RANDOM_ORDER(cutout),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    cutout *p = params_;
    const dp_status status = dp_check_color(in, 0, err);

    (void)out, (void)arena;
    if (status != DP_OK)
        return status;
    if (p->length > in->type.shape[0] || p->length > in->type.shape[1])
        return dp_fail(err, DP_ESPEC, "length %lld is more than a side of the image",
                       (long long)p->length);
    for (int d = 0; d < 2; d++)
        p->places[d] = (uint32_t)(in->type.shape[d] + p->length);
    return DP_OK;
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const cutout *p = params_;

    for (int64_t i = 0; i < 2 * MAX_PATCHES; i++)
        draws[i] = i < 2 * p->num_patches
                       ? (double)dp_rng_below(&place->rng, p->places[i % 2]) - (double)p->length
                       : 0;
}

/* There one place more is drawn from: the last one lies outside. */
static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const cutout *p = params_;

    for (int64_t i = 0; i < 2 * MAX_PATCHES; i++)
        draws[i] = i < 2 * p->num_patches
                       ? (double)dp_std_uniform_int(engine, p->places[i % 2]) - (double)p->length
                       : 0;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const cutout *p = params_;

    dp_copy(in, out);
    for (int64_t i = 0; i < p->num_patches; i++)
        dp_patch(out, (int64_t)draws[2 * i], (int64_t)draws[2 * i + 1], p->length, p->length, NULL);
}

/* Squares that lie outside of the image are left out; what is above or left of it is cut off. */
static bool fixed(const dp_fixing *f)
{
    const cutout *p = f->params;

    for (int64_t i = 0; i < p->num_patches; i++) {
        const double top = f->draws[2 * i], left = f->draws[2 * i + 1], side = (double)p->length;
        const double inside[] = {top < 0 ? 0 : top, left < 0 ? 0 : left, side + (top < 0 ? top : 0),
                                 side + (left < 0 ? left : 0)};
        dp_fixing square = *f;
        square.drawn = "top,left,height,width";
        square.draws = inside;
        if (inside[2] > 0 && inside[3] > 0)
            dp_fix(&square, "erase top={top} left={left} height={height} width={width} value=0");
    }
    return true;
}

const dp_transform dp_transform_cutout = {
    .info = {"transform", "cutout", "set squares at random places to 0", 1, sizeof(cutout), params},
    .foreign = "CutOut length num_patches is_hwc!true workers",
    .plan = plan,
    .apply = apply,
    .draw = draw,
    .drawn =
        "top,left,top2,left2,top3,left3,top4,left4,top5,left5,top6,left6,top7,left7,top8,left8",
    .replay = replay,
    .fixed = fixed,
};
