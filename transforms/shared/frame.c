/* frame.c - a rectangle cut out of an image that goes on for ever
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/frame.h"

#include <string.h>

#include "base/number/num.h"

enum { CONSTANT, EDGE, REFLECT, SYMMETRIC };

dp_status dp_check_fill(const dp_ints *fill_value, int32_t padding_mode, dp_error *err)
{
    bool filled = false;

    if (fill_value->n != 1 && fill_value->n != 3)
        return dp_fail(err, DP_ESPEC, "fill_value takes 1 or 3 numbers, not %d", fill_value->n);
    for (int32_t i = 0; i < fill_value->n; i++)
        filled = filled || fill_value->v[i] != 0;
    return filled && padding_mode != 0 ? dp_params_idle("fill_value", "padding_mode=constant", err)
                                       : DP_OK;
}

dp_status dp_check_image(const dp_column *in, dp_error *err)
{
    if (in->type.rank != 2 && in->type.rank != 3)
        return dp_fail(err, DP_ESPEC, "takes images <H,W> or <H,W,C>: column %s is %s", in->name,
                       dp_tensor_type(&in->type).text);
    if (dp_tensor_count(&in->type) == 0)
        return dp_fail(err, DP_ESPEC, "the image is empty");
    return DP_OK;
}

dp_status dp_check_image_type(const dp_column *in, dp_error *err)
{
    switch (in->type.dtype) {
    case DP_U32:
    case DP_I64:
    case DP_U64:
        return dp_fail(err, DP_ESPEC, "takes no %s: put type_cast before it",
                       dp_dtype_name(in->type.dtype));
    default: return DP_OK;
    }
}

dp_status dp_check_channels(const dp_column *in, dp_error *err)
{
    const int64_t channels = in->type.rank == 3 ? in->type.shape[2] : 1;
    if (channels != 1 && channels != 3)
        return dp_fail(err, DP_ESPEC, "takes 1 or 3 channels, not %lld: put it before hwc2chw",
                       (long long)channels);
    return DP_OK;
}

dp_status dp_check_picture(const dp_column *in, dp_error *err)
{
    dp_status status = dp_check_image(in, err);

    if (status == DP_OK)
        status = dp_check_image_type(in, err);
    return status == DP_OK ? dp_check_channels(in, err) : status;
}

dp_status dp_check_list(const char *name, const dp_ints *list, int32_t most, dp_error *err)
{
    if (list->n > most)
        return dp_fail(err, DP_ESPEC, "%s takes at most %d numbers, not %d", name, most, list->n);
    return DP_OK;
}

void dp_size_pair(const dp_ints *list, int64_t size[2])
{
    size[0] = list->v[0];
    size[1] = list->v[list->n - 1];
}

dp_status dp_padding(const dp_ints *list, int64_t padding[4], dp_error *err)
{
    if (list->n != 1 && list->n != 2 && list->n != 4)
        return dp_fail(
            err, DP_ESPEC,
            "padding takes 1, 2 (left-right, top-bottom) or 4 (left, top, right, bottom) "
            "numbers, not %d",
            list->n);
    for (int i = 0; i < 4; i++)
        padding[i] = list->v[i % list->n];
    return DP_OK;
}

/* v into one element of the type, saturated. */
static void store_saturated(uint8_t *p, dp_dtype t, int64_t v)
{
    const uint16_t f16 = dp_f32_to_f16((float)v);
    const float f32 = (float)v;
    const double f64 = (double)v;
    const int8_t i8 = (int8_t)(v > INT8_MAX ? INT8_MAX : v);
    const int16_t i16 = (int16_t)v;
    const uint16_t u16 = (uint16_t)v;
    const int32_t i32 = (int32_t)v;

    switch (t) {
    case DP_U8: *p = (uint8_t)v; break;
    case DP_BOOL: *p = v != 0; break;
    case DP_I8: memcpy(p, &i8, 1); break;
    case DP_I16: memcpy(p, &i16, 2); break;
    case DP_U16: memcpy(p, &u16, 2); break;
    case DP_I32: memcpy(p, &i32, 4); break;
    case DP_F16: memcpy(p, &f16, 2); break;
    case DP_F32: memcpy(p, &f32, 4); break;
    case DP_F64: memcpy(p, &f64, 8); break;
    default: break;
    }
}

static dp_status axis_plan(dp_axis *axis, int64_t length, dp_arena *arena, dp_error *err)
{
    if (length > INT32_MAX)
        return dp_fail(err, DP_ELIMIT, "an image side has at most %d pixels", INT32_MAX);
    axis->source = dp_arena_alloc(arena, (size_t)length, sizeof *axis->source);
    if (axis->source == NULL)
        return dp_arena_fail(arena, err, "a plan of the image");
    for (int64_t i = 0; i < length; i++)
        axis->source[i] = (int32_t)i;
    axis->length = axis->last = length;
    axis->first = 0;
    return DP_OK;
}

dp_status dp_window_plan(dp_window *w, const dp_column *in, const dp_ints *fill, dp_arena *arena,
                         dp_error *err)
{
    const int64_t channels = in->type.rank == 3 ? in->type.shape[2] : 1;
    const size_t size = dp_dtype_size(in->type.dtype);
    dp_status status;

    w->width = in->type.shape[1];
    w->pixel_size = (size_t)channels * size;
    w->fill = dp_arena_alloc(arena, w->pixel_size, 1);
    if (w->fill == NULL)
        return dp_arena_fail(arena, err, "a plan of the image");
    for (int64_t c = 0; fill != NULL && c < channels; c++)
        store_saturated(w->fill + (size_t)c * size, in->type.dtype, fill->v[fill->n == 3 ? c : 0]);
    status = axis_plan(&w->y, in->type.shape[0], arena, err);
    return status != DP_OK ? status : axis_plan(&w->x, in->type.shape[1], arena, err);
}

/* Place i of an axis of n that goes on for ever; -1 = fill.  REFLECT: 2 1|0 1 2, SYMMETRIC: 1
 * 0|0 1. */
static int64_t extended(int64_t i, int64_t n, int32_t mode)
{
    const int64_t period = mode == REFLECT ? 2 * n - 2 : 2 * n;

    if (i >= 0 && i < n)
        return i;
    if (mode == CONSTANT)
        return -1;
    if (mode == EDGE || period == 0)
        return i < 0 ? 0 : n - 1;
    i %= period;
    i += i < 0 ? period : 0;
    return i < n ? i : period - i - (mode == SYMMETRIC);
}

dp_status dp_axis_pad(dp_axis *axis, int64_t before, int64_t after, int32_t mode, dp_arena *arena,
                      dp_error *err)
{
    const int64_t length = before + axis->length + after;
    int32_t *source =
        length > INT32_MAX ? NULL : dp_arena_alloc(arena, (size_t)length, sizeof *source);

    if (length > INT32_MAX)
        return dp_fail(err, DP_ELIMIT, "an image side has at most %d pixels", INT32_MAX);
    if (source == NULL)
        return dp_arena_fail(arena, err, "a plan of the image");
    for (int64_t i = 0; i < length; i++) {
        const int64_t from = extended(i - before, axis->length, mode);
        source[i] = from < 0 ? -1 : axis->source[from];
    }
    axis->source = source;
    axis->length = length;
    axis->first += before;
    axis->last += before;
    return DP_OK;
}

static void copy_places(const dp_window *w, const uint8_t *row, int64_t from, int64_t to,
                        int64_t left, uint8_t *dst)
{
    for (int64_t x = from; x < to; x++) {
        const int32_t source = row == NULL ? -1 : w->x.source[left + x];
        memcpy(dst + (size_t)x * w->pixel_size,
               source < 0 ? w->fill : row + (size_t)source * w->pixel_size, w->pixel_size);
    }
}

static int64_t clamp_to(int64_t v, int64_t lo, int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }

void dp_window_copy(const dp_window *w, int64_t top, int64_t left, const dp_tensor *in,
                    const dp_tensor *out)
{
    const int64_t height = out->shape[0], width = out->shape[1];
    const int64_t from = clamp_to(w->x.first - left, 0, width),
                  to = clamp_to(w->x.last - left, from, width);
    const size_t row_size = (size_t)w->width * w->pixel_size;

    for (int64_t y = 0; y < height; y++) {
        const int32_t source = w->y.source[top + y];
        const uint8_t *row =
            source < 0 ? NULL : (const uint8_t *)in->data + (size_t)source * row_size;
        uint8_t *dst = (uint8_t *)out->data + (size_t)(y * width) * w->pixel_size;
        if (row == NULL) {
            copy_places(w, NULL, 0, width, left, dst);
            continue;
        }
        copy_places(w, row, 0, from, left, dst);
        if (to > from)
            memcpy(dst + (size_t)from * w->pixel_size,
                   row + (size_t)w->x.source[left + from] * w->pixel_size,
                   (size_t)(to - from) * w->pixel_size);
        copy_places(w, row, to, width, left, dst);
    }
}

/* From the first to the last place of the image; one at least, of a border alone. */
static void reads_axis(const dp_axis *axis, int64_t corner, int64_t *first, int64_t *length)
{
    int64_t least = INT64_MAX, most = 0;

    for (int64_t i = 0; i < *length; i++) {
        const int64_t source = axis->source[corner + *first + i];
        least = source >= 0 && source < least ? source : least;
        most = source > most ? source : most;
    }
    *first = least <= most ? least : 0;
    *length = least <= most ? most - least + 1 : 1;
}

void dp_window_reads(const dp_window *w, int64_t top, int64_t left, dp_picture_part *part)
{
    reads_axis(&w->y, top, &part->top, &part->height);
    reads_axis(&w->x, left, &part->left, &part->width);
}

static void move_axis(const dp_axis *axis, int64_t first, int64_t n, int32_t *places)
{
    int32_t moved[DP_PASS_SIDE];

    for (int64_t i = 0; i < n; i++) {
        const int32_t source = axis->source[first + i];
        moved[i] = source < 0 ? -1 : places[source];
    }
    memcpy(places, moved, (size_t)n * sizeof *places);
}

void dp_window_move(const dp_window *w, int64_t top, int64_t left, dp_places *at)
{
    move_axis(&w->y, top, at->height, at->rows);
    move_axis(&w->x, left, at->width, at->cols);
}

dp_status dp_resized(dp_column *out, int64_t height, int64_t width, dp_error *err)
{
    out->type.shape[0] = height;
    out->type.shape[1] = width;
    if (!dp_tensor_fits(&out->type) || dp_tensor_bytes(&out->type) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ELIMIT, "an image of %lldx%lld is more than %llu bytes",
                       (long long)height, (long long)width, (unsigned long long)DP_MAX_SAMPLE_SIZE);
    return DP_OK;
}

/* ---- a window at one place ---- */

typedef struct framed {
    DP_FRAMED_PARAMS;
} framed;

void dp_framed_apply(const void *params, const double *draws, const dp_tensor *in,
                     const dp_tensor *out)
{
    const framed *f = params;

    (void)draws;
    dp_window_copy(&f->window, f->corner[0], f->corner[1], in, out);
}

void dp_framed_reads(const void *params, const double *draws, const dp_tensor *in,
                     const dp_tensor *out, dp_picture_part *part)
{
    const framed *f = params;

    (void)draws, (void)in, (void)out;
    dp_window_reads(&f->window, f->corner[0], f->corner[1], part);
}

void dp_framed_move(const void *params, const double *draws, dp_places *at)
{
    const framed *f = params;

    (void)draws;
    dp_window_move(&f->window, f->corner[0], f->corner[1], at);
}

const uint8_t *dp_framed_fill(const void *params) { return ((const framed *)params)->window.fill; }
