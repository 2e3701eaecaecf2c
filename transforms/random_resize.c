/* random_resize.c - another height and width, pixels mixed in a random way
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/frame.h"
#include "transforms/shared/resample.h"

static const int32_t modes[] = {DP_LINEAR, DP_NEAREST, DP_CUBIC, DP_AREA};
#define MODES 4

typedef struct random_resize {
    DP_RANDOM_PARAMS;
    dp_ints size;
    dp_resample resample[MODES];
} random_resize;

static const dp_param params[] = {
    DP_COLUMN(random_resize),
    DP_INTS(random_resize, size, NULL, 1, 16777216,
            "height,width; one number for the shorter side"),
    DP_RANDOM_ORDER(random_resize),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_resize *p = params_;
    int64_t dst[2];
    dp_status status = dp_check_resample(in, DP_LINEAR, DP_ALIASED, err);

    if (status == DP_OK)
        status = dp_resample_size(&p->size, in, false, dst, err);
    for (int i = 0; i < MODES && status == DP_OK; i++)
        status = dp_resample_plan(&p->resample[i], in, modes[i], in->type.shape, dst, arena, err);
    return status != DP_OK ? status : dp_resized(out, dst[0], dst[1], err);
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    (void)params_;
    draws[0] = dp_rng_below(&place->rng, MODES);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    (void)params_;
    draws[0] = dp_replay_integer(engine, 0, MODES - 1);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, const dp_workspace *space)
{
    const random_resize *p = params_;

    if (in->shape[0] == out->shape[0] && in->shape[1] == out->shape[1])
        dp_copy(in, out);
    else
        dp_resample_run(&p->resample[(int)draws[0]], in->data, out, &space->part, space->cpu);
}

static bool fixed(const dp_fixing *f)
{
    static const char *const stages[MODES] = {
        "resize size={size} interpolation=linear", "resize size={size} interpolation=nearest",
        "resize size={size} interpolation=cubic", "resize size={size} interpolation=area"};

    return dp_fix(f, stages[(int)f->draws[0]]);
}

const dp_transform dp_transform_random_resize = {
    .info = {"transform", "random_resize", "resize with a random interpolation", 1,
             sizeof(random_resize), params},
    .foreign = "RandomResize size workers batches",
    .plan = plan,
    .apply_in = apply,
    .draw = draw,
    .drawn = "interpolation",
    .replay = replay,
    .replays_batch = DP_DRAWS_ONCE,
    .replays_any_shape = true,
    .fixed = fixed,
};
