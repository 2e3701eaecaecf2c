/* pad.c - a border around the image
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/frame.h"

typedef struct pad {
    DP_FRAMED_PARAMS;
    dp_ints padding, fill_value;
    int32_t padding_mode;
} pad;

static const dp_param params[] = {
    DP_COLUMN(pad),
    DP_INTS(pad, padding, NULL, 0, 16777216,
            "all sides; or left-right,top-bottom; or left,top,right,bottom"),
    DP_INTS(pad, fill_value, "0", 0, 255, "one value, or one for each of three channels"),
    DP_CHOICE(pad, padding_mode, "constant", DP_PADDING_MODES, "what the border holds"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    pad *p = params_;
    int64_t around[4];
    dp_status status = dp_check_picture(in, err);

    if (status == DP_OK)
        status = dp_padding(&p->padding, around, err);
    if (status == DP_OK)
        status = dp_check_fill(&p->fill_value, p->padding_mode, err);
    if (status == DP_OK)
        status = dp_resized(out, in->type.shape[0] + around[1] + around[3],
                            in->type.shape[1] + around[0] + around[2], err);
    if (status == DP_OK)
        status = dp_window_plan(&p->window, in, &p->fill_value, arena, err);
    if (status == DP_OK)
        status = dp_axis_pad(&p->window.y, around[1], around[3], p->padding_mode, arena, err);
    if (status == DP_OK)
        status = dp_axis_pad(&p->window.x, around[0], around[2], p->padding_mode, arena, err);
    return status;
}

const dp_transform dp_transform_pad = {
    .info = {"transform", "pad", "put a border around the image", 1, sizeof(pad), params},
    .foreign = "Pad padding:4 fill_value:fill padding_mode=constant,edge,reflect,symmetric",
    .plan = plan,
    .apply = dp_framed_apply,
    .reads = dp_framed_reads,
    .move = dp_framed_move,
    .fill = dp_framed_fill,
};
