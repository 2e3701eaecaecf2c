/* random_resized_crop.c - a random rectangle, brought to a fixed size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Szegedy et al. 2015.  When no attempt fits: the largest rectangle in the middle whose ratio is
 * allowed.
 */
#include "transforms/shared/area.h"
#include "transforms/shared/frame.h"
#include "transforms/shared/pillow.h"
#include "transforms/shared/resample.h"

typedef struct random_resized_crop {
    DP_RANDOM_PARAMS;
    dp_ints size;
    dp_numbers scale, ratio;
    int32_t interpolation;
    int64_t max_attempts;
    int32_t antialias;
    dp_area area;
    dp_pillow pillow; /* its tables are made for each crop */
    dp_resample resample;
    dp_taps *taps[2]; /* for a crop of n rows: taps[0] + (n - 1) * rows of the result; columns */
    bool each;        /* planned for one row: they are those of its crop alone, made by apply */
} random_resized_crop;

static const dp_param params[] = {
    DP_COLUMN(random_resized_crop),
    DP_INTS(random_resized_crop, size, NULL, 1, 16384, "height,width; one number for a square"),
    DP_NUMBERS(random_resized_crop, scale, "0.08,1", 1e-6, 1, "least,most share of the area"),
    DP_NUMBERS(random_resized_crop, ratio, "3/4,4/3", 1e-3, 1000, "least,most width / height"),
    DP_CHOICE(random_resized_crop, interpolation, "linear",
              "linear,nearest,cubic,box,hamming,lanczos", "how pixels are mixed"),
    DP_INT(random_resized_crop, max_attempts, "10", 1, 1000, "before the middle is taken"),
    DP_RANDOM_ORDER(random_resized_crop),
    DP_ANTIALIAS(random_resized_crop),
    DP_PARAMS_END,
};

/* Every height and every width that can be drawn has its taps. */
static dp_status plan_taps(random_resized_crop *p, const int64_t src[2], const int64_t dst[2],
                           dp_arena *arena, dp_error *err)
{
    for (int d = 0; d < 2; d++) {
        const size_t n = (size_t)(src[d] * dst[d]);
        p->taps[d] = n > (1 << 24) ? NULL : dp_arena_alloc(arena, n, sizeof *p->taps[d]);
        if (n > (1 << 24))
            return dp_fail(err, DP_ELIMIT, "sides of %lld and %lld are too large",
                           (long long)src[d], (long long)dst[d]);
        if (p->taps[d] == NULL)
            return dp_arena_fail(arena, err, "a plan of the image");
        for (int64_t side = 1; side <= src[d]; side++)
            dp_resample_axis(p->taps[d] + (side - 1) * dst[d], p->interpolation, side, dst[d],
                             d == 1);
    }
    return DP_OK;
}

static int64_t channels_of(const dp_tensor *t) { return t->rank == 3 ? t->shape[2] : 1; }

/* All but the taps. */
static dp_status plan_size(random_resized_crop *p, const dp_column *in, dp_column *out,
                           int64_t dst[2], dp_arena *arena, dp_error *err)
{
    dp_status status = dp_check_resample(in, p->interpolation, p->antialias, err);

    if (status == DP_OK)
        status = dp_check_list("size", &p->size, 2, err);
    if (status == DP_OK)
        status = dp_area_plan(&p->area, in, &p->scale, &p->ratio, err);
    if (status != DP_OK)
        return status;
    p->area.max_attempts = p->max_attempts;
    dp_size_pair(&p->size, dst);
    status = dp_resized(out, dst[0], dst[1], err);
    if (status != DP_OK)
        return status;
    if (p->antialias != DP_ALIASED)
        return dp_pillow_start(&p->pillow, (dp_pillow_how){p->interpolation, p->antialias},
                               channels_of(&in->type), in->type.shape, dst, err);
    return dp_resample_plan(&p->resample, in, p->interpolation, in->type.shape, dst, arena, err);
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_resized_crop *p = params_;
    int64_t dst[2];
    const dp_status status = plan_size(p, in, out, dst, arena, err);

    if (status != DP_OK || p->antialias != DP_ALIASED)
        return status;
    return plan_taps(p, in->type.shape, dst, arena, err);
}

/* A row has one crop: tables for all would take longer than it. */
static dp_status plan_row(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                          dp_error *err)
{
    random_resized_crop *p = params_;
    int64_t dst[2];
    const dp_status status = plan_size(p, in, out, dst, arena, err);

    p->each = true;
    for (int d = 0; d < 2 && status == DP_OK && p->antialias == DP_ALIASED; d++) {
        p->taps[d] = dp_arena_alloc(arena, (size_t)dst[d], sizeof *p->taps[d]);
        if (p->taps[d] == NULL)
            return dp_arena_fail(arena, err, "a plan of the image");
    }
    return status;
}

static void take_middle(const dp_area *a, double draws[4])
{
    const double ratio = (double)a->width / (double)a->height;

    draws[2] = (double)a->height;
    draws[3] = (double)a->width;
    if (ratio < a->ratio[0])
        draws[2] = (double)(int64_t)((double)a->width / a->ratio[0] + 0.5);
    else if (ratio > a->ratio[1])
        draws[3] = (double)(int64_t)((double)a->height * a->ratio[1] + 0.5);
    draws[2] = draws[2] < 1 ? 1 : draws[2];
    draws[3] = draws[3] < 1 ? 1 : draws[3];
    draws[0] = (double)((a->height - (int64_t)draws[2] + 1) / 2); /* a half goes up */
    draws[1] = (double)((a->width - (int64_t)draws[3] + 1) / 2);
}

static void draw(const void *params_, dp_place *place, double *draws)
{
    const dp_area *area = &((const random_resized_crop *)params_)->area;

    if (!dp_area_draw(area, place, draws))
        take_middle(area, draws);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_resized_crop *p = params_;

    if (!dp_area_replay(&p->area, engine, draws))
        take_middle(&p->area, draws);
}

static void resample(const random_resized_crop *p, const int64_t src[2], bool u8,
                     const uint8_t *first, const dp_tensor *out, const dp_workspace *space)
{
    dp_resample r = p->resample;

    for (int d = 0; d < 2; d++) {
        r.axis[d] = p->each ? p->taps[d] : p->taps[d] + (src[d] - 1) * out->shape[d];
        if (p->each)
            dp_resample_axis(p->taps[d], p->interpolation, src[d], out->shape[d], d == 1);
    }
    dp_resample_choose(&r, p->interpolation, u8, src, out->shape);
    dp_resample_run(&r, first, out, &space->part, space->cpu);
}

static void resample_by_pillow(const random_resized_crop *p, const int64_t src[2],
                               const dp_pillow_source *source, const dp_tensor *out,
                               const dp_workspace *space)
{
    dp_pillow pillow = p->pillow;

    dp_pillow_plan(&pillow, src, space->bytes);
    dp_pillow_run(&pillow, source, out, &space->part,
                  (uint8_t *)space->bytes + dp_pillow_tables(&p->pillow), space->cpu);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, const dp_workspace *space)
{
    const random_resized_crop *p = params_;
    const int64_t src[2] = {(int64_t)draws[2], (int64_t)draws[3]};
    const uint8_t *first = in->data, *end = first + dp_tensor_bytes(in);
    const size_t row = (size_t)(end - first) / (size_t)in->shape[0];
    const dp_pillow_source source = {
        first + (size_t)draws[0] * row + (size_t)draws[1] * (row / (size_t)in->shape[1]), end, row};

    if (src[0] == out->shape[0] && src[1] == out->shape[1])
        dp_resample_copy(source.first, row, out, &space->part);
    else if (p->antialias != DP_ALIASED)
        resample_by_pillow(p, src, &source, out, space);
    else
        resample(p, src, in->dtype == DP_U8, source.first, out, space);
}

static size_t space(const void *params_)
{
    const random_resized_crop *p = params_;
    return p->antialias != DP_ALIASED ? dp_pillow_tables(&p->pillow) + dp_pillow_space(&p->pillow)
                                      : 0;
}

/* All of the rectangle, whatever part of the result is wanted: its weights are not made yet. */
static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    (void)params_, (void)in, (void)out;
    *part = (dp_picture_part){(int64_t)draws[0], (int64_t)draws[1], (int64_t)draws[2],
                              (int64_t)draws[3]};
}

static bool fixed(const dp_fixing *f)
{
    const random_resized_crop *p = f->params;

    dp_fix(f, "crop coordinates={top},{left} size={height},{width}");
    dp_fix(f, p->size.n == 1 ? "resize size={size},{size} interpolation={interpolation}"
                             : "resize size={size} interpolation={interpolation}");
    if (p->antialias != DP_ALIASED) {
        dp_out_text(f->out, " antialias=");
        dp_out_text(f->out, (const char *const[]){"", "true", "pillow13", "torch"}[p->antialias]);
    }
    return true;
}

const dp_transform dp_transform_random_resized_crop = {
    .info = {"transform", "random_resized_crop", "bring a random rectangle to a fixed size", 2,
             sizeof(random_resized_crop), params},
    .foreign = "RandomResizedCrop size scale ratio "
               "interpolation=linear,nearest,cubic,area,pilcubic max_attempts workers batches",
    .plan = plan,
    .plan_row = plan_row,
    .apply_in = apply,
    .space = space,
    .reads = reads,
    .makes_parts = true,
    .draw = draw,
    .drawn = "top,left,height,width",
    .replay = replay,
    .replays_batch = DP_DRAWS_ONCE,
    .fixed = fixed,
};
