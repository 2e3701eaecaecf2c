/* random_crop.c - a rectangle at a random place, after padding
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md.  Native draws: left, then top, each uniform over the places where the
 * rectangle fits; none when the padded image has the size already.
 */
#include "transforms/shared/frame.h"

typedef struct random_crop {
    DP_RANDOM_PARAMS;
    dp_ints size, padding, fill_value;
    bool pad_if_needed;
    int32_t padding_mode;
    dp_window window;
    uint32_t places[2]; /* top and left corners to choose from */
} random_crop;

static const dp_param params[] = {
    DP_COLUMN(random_crop),
    DP_INTS(random_crop, size, NULL, 1, 16777216, "height,width; one number for a square"),
    DP_INTS(random_crop, padding, "0", 0, 16777216,
            "all sides; or left-right,top-bottom; or left,top,right,bottom"),
    DP_BOOLEAN(random_crop, pad_if_needed, "false", "pad both sides by what is missing to size"),
    DP_INTS(random_crop, fill_value, "0", 0, 255, "one value, or one for each of three channels"),
    DP_CHOICE(random_crop, padding_mode, "constant", DP_PADDING_MODES, "what the border holds"),
    DP_RANDOM_ORDER(random_crop),
    DP_PARAMS_END,
};

static dp_status check(random_crop *p, const dp_column *in, int64_t around[4], dp_error *err)
{
    dp_status status = dp_check_picture(in, err);

    if (status == DP_OK)
        status = dp_check_list("size", &p->size, 2, err);
    if (status == DP_OK)
        status = dp_padding(&p->padding, around, err);
    if (status == DP_OK)
        status = dp_check_fill(&p->fill_value, p->padding_mode, err);
    for (int i = 0; i < 4 && status == DP_OK; i++) {
        if (around[i] >= 3 * in->type.shape[(i + 1) % 2])
            status = dp_fail(err, DP_ESPEC, "padding %lld is 3 times the image or more",
                             (long long)around[i]);
    }
    return status;
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    random_crop *p = params_;
    dp_axis *axes[2] = {&p->window.y, &p->window.x};
    int64_t around[4], size[2];
    dp_status status = check(p, in, around, err);

    dp_size_pair(&p->size, size);
    if (status == DP_OK)
        status = dp_window_plan(&p->window, in, &p->fill_value, arena, err);
    for (int d = 0; d < 2 && status == DP_OK; d++) {
        status = dp_axis_pad(axes[d], around[1 - d], around[3 - d], p->padding_mode, arena, err);
        if (status == DP_OK && p->pad_if_needed && axes[d]->length < size[d]) {
            const int64_t missing = size[d] - axes[d]->length;
            status = dp_axis_pad(axes[d], missing, missing, p->padding_mode, arena, err);
        }
        if (status == DP_OK && axes[d]->length < size[d])
            status = dp_fail(err, DP_ESPEC,
                             "size %lld is more than the %lld of the padded image; "
                             "pad_if_needed=true pads it",
                             (long long)size[d], (long long)axes[d]->length);
        p->places[d] = (uint32_t)(axes[d]->length - size[d] + 1);
    }
    return status != DP_OK ? status : dp_resized(out, size[0], size[1], err);
}

static bool has_one_place(const random_crop *p) { return p->places[0] == 1 && p->places[1] == 1; }

static void draw(const void *params_, dp_place *place, double *draws)
{
    const random_crop *p = params_;

    draws[0] = has_one_place(p) ? 0 : dp_rng_below(&place->rng, p->places[1]);
    draws[1] = has_one_place(p) ? 0 : dp_rng_below(&place->rng, p->places[0]);
}

static void replay(const void *params_, dp_mt19937 *engine, double *draws)
{
    const random_crop *p = params_;

    draws[0] = has_one_place(p) ? 0 : dp_std_uniform_int(engine, p->places[1] - 1);
    draws[1] = has_one_place(p) ? 0 : dp_std_uniform_int(engine, p->places[0] - 1);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const random_crop *p = params_;

    dp_window_copy(&p->window, (int64_t)draws[1], (int64_t)draws[0], in, out);
}

static void reads(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part)
{
    const random_crop *p = params_;

    (void)in, (void)out;
    dp_window_reads(&p->window, (int64_t)draws[1], (int64_t)draws[0], part);
}

static void move(const void *params_, const double *draws, dp_places *at)
{
    const random_crop *p = params_;

    dp_window_move(&p->window, (int64_t)draws[1], (int64_t)draws[0], at);
}

static const uint8_t *fill(const void *params_)
{
    return ((const random_crop *)params_)->window.fill;
}

static bool fixed(const dp_fixing *f)
{
    const random_crop *p = f->params;

    if (p->pad_if_needed)
        return false;
    if (p->padding.n > 1 || p->padding.v[0] != 0)
        dp_fix(f, "pad padding={padding} fill_value={fill_value} padding_mode={padding_mode}");
    return dp_fix(f, "crop coordinates={top},{left} size={size}");
}

const dp_transform dp_transform_random_crop = {
    .info = {"transform", "random_crop", "keep a rectangle at a random place, after padding", 1,
             sizeof(random_crop), params},
    .foreign = "RandomCrop size padding:4 pad_if_needed fill_value:fill "
               "padding_mode=constant,edge,reflect,symmetric workers batches",
    .plan = plan,
    .apply = apply,
    .reads = reads,
    .draw = draw,
    .drawn = "left,top",
    .replay = replay,
    .replays_batch = DP_DRAWS_EACH_ROW,
    .fixed = fixed,
    .move = move,
    .fill = fill,
};
