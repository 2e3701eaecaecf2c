/* center_crop.c - the middle of the image, with zeros around an image that is smaller
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md: an odd missing line goes on top or left, an odd surplus line stays at the
 * bottom or right.  torchvision: an odd missing line goes to the bottom or right, half of an odd
 * surplus is rounded to an even number.
 */
#include "transforms/shared/frame.h"

typedef struct center_crop {
    DP_FRAMED_PARAMS;
    dp_ints size;
    int32_t rule;
} center_crop;

static const dp_param params[] = {
    DP_COLUMN(center_crop),
    DP_INTS(center_crop, size, NULL, 1, 16777216, "height,width; one number for a square"),
    DP_LATER_CHOICE(center_crop, rule, "mindspore", "mindspore,torchvision",
                    "on which side an odd line is"),
    DP_PARAMS_END,
};
enum { BY_MINDSPORE, BY_TORCHVISION };

/* Lines before the image of those that are missing, and before the crop of those that are too many.
 */
static int64_t before(const center_crop *p, int64_t missing)
{
    return (missing + (p->rule == BY_MINDSPORE)) / 2;
}

static int64_t corner(const center_crop *p, int64_t surplus)
{
    const int64_t half = surplus / 2;
    return p->rule == BY_MINDSPORE ? half : half + (surplus % 2 & half % 2);
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    center_crop *p = params_;
    dp_axis *axes[2] = {&p->window.y, &p->window.x};
    int64_t size[2];
    dp_status status = dp_check_image(in, err);

    if (status == DP_OK)
        status = dp_check_list("size", &p->size, 2, err);
    if (status == DP_OK)
        status = dp_window_plan(&p->window, in, NULL, arena, err);
    if (status != DP_OK)
        return status;
    dp_size_pair(&p->size, size);
    for (int d = 0; d < 2; d++) {
        const int64_t less = size[d] - in->type.shape[d], missing = less > 0 ? less : 0;
        if (missing >= 3 * in->type.shape[d])
            return dp_fail(err, DP_ESPEC, "size %lld adds 3 times the %lld of the image or more",
                           (long long)size[d], (long long)in->type.shape[d]);
        /* by 0 lines, too: a larger image takes more memory then (pipeline/vary.h) */
        status =
            dp_axis_pad(axes[d], before(p, missing), missing - before(p, missing), 0, arena, err);
        if (status != DP_OK)
            return status;
        p->corner[d] = corner(p, axes[d]->length - size[d]);
    }
    return dp_resized(out, size[0], size[1], err);
}

const dp_transform dp_transform_center_crop = {
    .info = {"transform", "center_crop", "keep the middle of the image", 1, sizeof(center_crop),
             params},
    .foreign = "CenterCrop size batches",
    .plan = plan,
    .apply = dp_framed_apply,
    .reads = dp_framed_reads,
    .move = dp_framed_move,
    .fill = dp_framed_fill,
};
