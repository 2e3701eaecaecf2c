/* pad_to.c - a border that makes the image as large as is asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * MindSpore's PadToSize: an odd missing line goes to the bottom or right.
 */
#include "transforms/shared/frame.h"

typedef struct pad_to {
    DP_FRAMED_PARAMS;
    dp_ints size, offset, fill_value;
    int32_t padding_mode;
} pad_to;

static const dp_param params[] = {
    DP_COLUMN(pad_to),
    DP_INTS(pad_to, size, NULL, 1, 16777216, "height,width; one number for a square"),
    DP_INTS(pad_to, offset, "", 0, 16777216,
            "lines at the top,left; one number for both; \"\": the image is in the middle"),
    DP_INTS(pad_to, fill_value, "0", 0, 255, "one value, or one for each of three channels"),
    DP_CHOICE(pad_to, padding_mode, "constant", DP_PADDING_MODES, "what the border holds"),
    DP_PARAMS_END,
};

static dp_status check(const pad_to *p, const dp_column *in, dp_error *err)
{
    dp_status status = dp_check_picture(in, err);

    if (status == DP_OK)
        status = dp_check_list("size", &p->size, 2, err);
    if (status == DP_OK)
        status = dp_check_list("offset", &p->offset, 2, err);
    return status == DP_OK ? dp_check_fill(&p->fill_value, p->padding_mode, err) : status;
}

static dp_status pad_axis(const pad_to *p, dp_axis *axis, int d, int64_t size, dp_arena *arena,
                          dp_error *err)
{
    static const char *const sides[] = {"height", "width"};
    const int64_t missing = size - axis->length;
    const int64_t offset = p->offset.n > 0 ? p->offset.v[d % p->offset.n] : 0;
    const int64_t before = p->offset.n > 0 ? offset : missing / 2;

    if (missing < offset)
        return dp_fail(err, DP_ESPEC,
                       "the image's %s of %lld and the offset of %lld are more than %lld", sides[d],
                       (long long)axis->length, (long long)offset, (long long)size);
    return dp_axis_pad(axis, before, missing - before, p->padding_mode, arena, err);
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    pad_to *p = params_;
    int64_t size[2];
    dp_status status = check(p, in, err);

    if (status != DP_OK)
        return status;
    dp_size_pair(&p->size, size);
    status = dp_resized(out, size[0], size[1], err);
    if (status == DP_OK)
        status = dp_window_plan(&p->window, in, &p->fill_value, arena, err);
    if (status == DP_OK)
        status = pad_axis(p, &p->window.y, 0, size[0], arena, err);
    return status == DP_OK ? pad_axis(p, &p->window.x, 1, size[1], arena, err) : status;
}

const dp_transform dp_transform_pad_to = {
    .info = {"transform", "pad_to", "put a border around the image that makes it this large", 1,
             sizeof(pad_to), params},
    .foreign =
        "PadToSize size offset fill_value:fill padding_mode=constant,edge,reflect,symmetric unread",
    .plan = plan,
    .apply = dp_framed_apply,
    .reads = dp_framed_reads,
    .move = dp_framed_move,
    .fill = dp_framed_fill,
};
