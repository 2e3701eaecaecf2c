/* resize.c - another height and width
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/frame.h"
#include "transforms/shared/pillow.h"
#include "transforms/shared/resample.h"

typedef struct resize {
    const char *column;
    dp_ints size;
    int32_t interpolation;
    int32_t antialias;
    bool by_pillow; /* or by resample */
    dp_resample resample;
    dp_pillow pillow;
} resize;

static const dp_param params[] = {
    DP_COLUMN(resize),
    DP_INTS(resize, size, NULL, 1, 16777216, "height,width; one number for the shorter side"),
    DP_CHOICE(resize, interpolation, "linear", DP_INTERPOLATIONS, "how pixels are mixed"),
    DP_ANTIALIAS(resize),
    DP_PARAMS_END,
};

static dp_status plan_resample(resize *p, const dp_column *in, const int64_t dst[2],
                               dp_arena *arena, dp_error *err)
{
    const dp_tensor *t = &in->type;
    dp_status status;
    void *tables;

    p->by_pillow = p->antialias != DP_ALIASED || p->interpolation == DP_PILCUBIC;
    if (!p->by_pillow)
        return dp_resample_plan(&p->resample, in, p->interpolation, t->shape, dst, arena, err);
    status = dp_pillow_start(&p->pillow, (dp_pillow_how){p->interpolation, p->antialias},
                             t->rank == 3 ? t->shape[2] : 1, t->shape, dst, err);
    if (status != DP_OK)
        return status;
    tables = dp_arena_alloc(arena, dp_pillow_tables(&p->pillow), 1);
    if (tables == NULL)
        return dp_arena_fail(arena, err, "a plan of the image");
    dp_pillow_plan(&p->pillow, t->shape, tables);
    return DP_OK;
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    resize *p = params_;
    int64_t dst[2];
    dp_status status = dp_check_resample(in, p->interpolation, p->antialias, err);

    if (status == DP_OK)
        status = dp_resample_size(&p->size, in, p->antialias != DP_ALIASED, dst, err);
    if (status == DP_OK)
        status = dp_resized(out, dst[0], dst[1], err);
    return status != DP_OK ? status : plan_resample(p, in, dst, arena, err);
}

static bool keeps_size(const dp_tensor *in, const dp_tensor *out)
{
    return in->shape[0] == out->shape[0] && in->shape[1] == out->shape[1];
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, const dp_workspace *space)
{
    const resize *p = params_;
    const size_t bytes = dp_tensor_bytes(in);
    const dp_pillow_source all = {in->data, (const uint8_t *)in->data + bytes,
                                  bytes / (size_t)in->shape[0]};

    (void)draws;
    if (keeps_size(in, out))
        dp_resample_copy(all.first, all.row, out, &space->part);
    else if (p->by_pillow)
        dp_pillow_run(&p->pillow, &all, out, &space->part, space->bytes, space->cpu);
    else
        dp_resample_run(&p->resample, in->data, out, &space->part, space->cpu);
}

static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    const resize *p = params_;

    (void)draws;
    if (keeps_size(in, out))
        return;
    if (p->by_pillow)
        dp_pillow_reads(&p->pillow, part);
    else
        dp_resample_reads(&p->resample, part);
}

static size_t space(const void *params_)
{
    const resize *p = params_;
    return p->by_pillow ? dp_pillow_space(&p->pillow) : 0;
}

const dp_transform dp_transform_resize = {
    .info = {"transform", "resize", "give the image another height and width", 2, sizeof(resize),
             params},
    .foreign = "Resize size interpolation=linear,nearest,cubic,area,pilcubic batches",
    .plan = plan,
    .apply_in = apply,
    .space = space,
    .reads = reads,
    .makes_parts = true,
};
