/* crop.c - a rectangle at a fixed place: the deterministic replacement of random_crop
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/frame.h"

typedef struct crop {
    DP_FRAMED_PARAMS;
    dp_ints coordinates, size;
} crop;

static const dp_param params[] = {
    DP_COLUMN(crop),
    DP_INTS(crop, coordinates, NULL, 0, 16777216, "top,left of the rectangle"),
    DP_INTS(crop, size, NULL, 1, 16777216, "height,width of it; one number for a square"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    crop *p = params_;
    int64_t size[2];
    dp_status status = dp_check_image(in, err);

    if (status == DP_OK)
        status = dp_check_list("size", &p->size, 2, err);
    if (status != DP_OK)
        return status;
    if (p->coordinates.n != 2)
        return dp_fail(err, DP_ESPEC, "coordinates takes top,left: two numbers, not %d",
                       p->coordinates.n);
    dp_size_pair(&p->size, size);
    for (int d = 0; d < 2; d++) {
        if (p->coordinates.v[d] + size[d] > in->type.shape[d])
            return dp_fail(err, DP_ESPEC, "%s %lld + %lld is outside the image, which has %lld",
                           d ? "left" : "top", (long long)p->coordinates.v[d], (long long)size[d],
                           (long long)in->type.shape[d]);
        p->corner[d] = p->coordinates.v[d];
    }
    out->type.shape[0] = size[0];
    out->type.shape[1] = size[1];
    return dp_window_plan(&p->window, in, NULL, arena, err);
}

const dp_transform dp_transform_crop = {
    .info = {"transform", "crop", "keep a rectangle at a fixed place", 1, sizeof(crop), params},
    .foreign = "Crop coordinates:reversed size",
    .plan = plan,
    .apply = dp_framed_apply,
    .reads = dp_framed_reads,
    .move = dp_framed_move,
    .fill = dp_framed_fill,
};
