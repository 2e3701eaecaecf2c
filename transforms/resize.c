/* resize.c - another height and width
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md, bit for bit for uint8 (every mode) and for float32 (nearest, linear): the
 * arithmetic of OpenCV 4.11, written down.  cubic and area of float32 are the same formulas without
 * their fixed point.  An axis is planned as the source places and weights of each output place; an
 * output is a function of at most a few source pixels, so nothing is kept between rows.
 */
#include <string.h>

#include "transforms/window.h"

#define MAX_GROWTH 1000
#define FIXED      2048.0 /* weights of uint8 are in 1/2048 */

enum { LINEAR, NEAREST, CUBIC, AREA };

/* One output place along an axis: up to four source places, clamped into the image. */
typedef struct taps {
    int32_t source[4], fixed[4];
    float weight[4];
    bool edge; /* linear, float32: the last source place alone */
} taps;

/* The same for area when the image shrinks: `count` places from `first` on. */
typedef struct span {
    int32_t first, count;
    const float *weights;
} span;

typedef struct resize {
    const char *column;
    dp_ints size;
    int32_t interpolation;
    int64_t channels;
    size_t pixel_size; /* bytes */
    taps *axis[2];     /* vertical, horizontal */
    span *spans[2];
    int64_t ratio[2]; /* area by whole numbers; 0 = not */
    void (*pixel)(const struct resize *, const void *src, int64_t y, int64_t x, void *dst);
    int64_t width; /* of the source */
    int64_t out_width;
} resize;

static const dp_param params[] = {
    DP_COLUMN(resize),
    DP_INTS(resize, size, NULL, 1, 16777216, "height,width; one number for the shorter side"),
    DP_CHOICE(resize, interpolation, "linear", "linear,nearest,cubic,area", "how pixels are mixed"),
    DP_PARAMS_END,
};

/* The next integers below and above; |v| < 2^63. */
static int64_t floor_of(double v)
{
    const int64_t i = (int64_t)v;
    return i - (v < (double)i);
}

static int64_t ceil_of(double v) { return -floor_of(-v); }

/* Round half to even; |v| < 2^51. */
static int32_t round_even(double v) { return (int32_t)((v + 0x1.8p52) - 0x1.8p52); }

static uint8_t clamp_u8(int32_t v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static int32_t clamp_place(int64_t v, int64_t n)
{
    return (int32_t)(v < 0 ? 0 : v >= n ? n - 1 : v);
}

/* ---- planning an axis ---- */

static double scale_of(int64_t src, int64_t dst) { return 1.0 / ((double)dst / (double)src); }

/* Source place left of output place d, and how far right of it: pixel centres, or area's edges. */
static int64_t position(int64_t src, int64_t dst, int64_t d, bool area, float *fraction)
{
    const double scale = scale_of(src, dst);
    float f;
    int64_t s;

    if (area) {
        s = floor_of((double)d * scale);
        f = (float)((double)(d + 1) - (double)(s + 1) * ((double)dst / (double)src));
        *fraction = f <= 0 ? 0 : f - (float)floor_of((double)f);
        return s;
    }
    f = (float)(((double)d + 0.5) * scale - 0.5);
    s = floor_of((double)f);
    *fraction = f - (float)s;
    return s;
}

static void plan_linear(taps *t, int64_t src, int64_t dst, bool horizontal, bool area)
{
    for (int64_t d = 0; d < dst; d++) {
        float f;
        int64_t s = position(src, dst, d, area, &f);
        if (horizontal && s < 0)
            s = 0, f = 0;
        if (horizontal && s >= src - 1)
            s = src - 1, f = 0, t[d].edge = true;
        t[d].source[0] = clamp_place(s, src);
        t[d].source[1] = clamp_place(s + 1, src);
        t[d].weight[0] = 1.0f - f;
        t[d].weight[1] = f;
        t[d].fixed[0] = round_even((double)(1.0f - f) * FIXED);
        t[d].fixed[1] = round_even((double)f * FIXED);
    }
}

static void plan_cubic(taps *t, int64_t src, int64_t dst)
{
    const float a = -0.75f;

    for (int64_t d = 0; d < dst; d++) {
        float x, y, *c = t[d].weight;
        const int64_t s = position(src, dst, d, false, &x);
        y = 1.0f - x;
        c[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
        c[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
        c[2] = ((a + 2) * y - (a + 3)) * y * y + 1;
        c[3] = 1.0f - c[0] - c[1] - c[2];
        for (int k = 0; k < 4; k++) {
            t[d].source[k] = clamp_place(s - 1 + k, src);
            t[d].fixed[k] = round_even((double)c[k] * FIXED);
        }
    }
}

static void plan_nearest(taps *t, int64_t src, int64_t dst)
{
    for (int64_t d = 0; d < dst; d++)
        t[d].source[0] = clamp_place(floor_of((double)d * scale_of(src, dst)), src);
}

/* Weights of output place d over the source places it covers; returns their number. */
static int32_t cover(int64_t src, int64_t dst, int64_t d, int32_t *first, float *weights)
{
    const double scale = scale_of(src, dst), f1 = (double)d * scale, f2 = f1 + scale;
    const double cell = scale < (double)src - f1 ? scale : (double)src - f1;
    const int64_t below2 = floor_of(f2), above1 = ceil_of(f1);
    const int64_t s2 = below2 < src - 1 ? below2 : src - 1, s1 = above1 < s2 ? above1 : s2;
    const double before = (double)s1 - f1, after = f2 - (double)s2;
    double last = after < 1 ? after : 1;
    int32_t n = 0;

    last = last < cell ? last : cell;
    *first = (int32_t)s1;
    if (before > 1e-3) {
        --*first;
        weights[n++] = (float)(before / cell);
    }
    for (int64_t s = s1; s < s2; s++)
        weights[n++] = (float)(1.0 / cell);
    if (after > 1e-3)
        weights[n++] = (float)(last / cell);
    return n;
}

static dp_status plan_area(span **out, int64_t src, int64_t dst, dp_arena *arena, dp_error *err)
{
    const size_t most = (size_t)(src / dst + 3);
    float *weights = dp_arena_alloc(arena, (size_t)dst, most * sizeof *weights);
    span *spans = dp_arena_alloc(arena, (size_t)dst, sizeof *spans);

    if (weights == NULL || spans == NULL)
        return dp_arena_fail(arena, err, "a plan of the image");
    for (int64_t d = 0; d < dst; d++, weights += most) {
        spans[d].count = cover(src, dst, d, &spans[d].first, weights);
        spans[d].weights = weights;
    }
    *out = spans;
    return DP_OK;
}

/* ---- one output pixel; the arithmetic is the definition ---- */

#define AT(type, y, x) ((const type *)src + ((int64_t)(y)*r->width + (x)) * r->channels)

static void nearest(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const int64_t at = (int64_t)r->axis[0][y].source[0] * r->width + r->axis[1][x].source[0];
    memcpy(dst, (const uint8_t *)src + (size_t)at * r->pixel_size, r->pixel_size);
}

static void linear_u8(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const taps *v = &r->axis[0][y], *h = &r->axis[1][x];
    const uint8_t *a = AT(uint8_t, v->source[0], h->source[0]);
    const uint8_t *b = AT(uint8_t, v->source[0], h->source[1]);
    const uint8_t *c = AT(uint8_t, v->source[1], h->source[0]);
    const uint8_t *d = AT(uint8_t, v->source[1], h->source[1]);

    for (int64_t k = 0; k < r->channels; k++) {
        const int32_t top = a[k] * h->fixed[0] + b[k] * h->fixed[1];
        const int32_t low = c[k] * h->fixed[0] + d[k] * h->fixed[1];
        ((uint8_t *)dst)[k] =
            (uint8_t)(((v->fixed[0] * (top >> 4) >> 16) + (v->fixed[1] * (low >> 4) >> 16) + 2) >>
                      2);
    }
}

static float linear_row(const taps *h, float left, float right)
{
    return h->edge ? left : left * h->weight[0] + right * h->weight[1];
}

static void linear_f32(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const taps *v = &r->axis[0][y], *h = &r->axis[1][x];
    const float *a = AT(float, v->source[0], h->source[0]),
                *b = AT(float, v->source[0], h->source[1]);
    const float *c = AT(float, v->source[1], h->source[0]),
                *d = AT(float, v->source[1], h->source[1]);

    for (int64_t k = 0; k < r->channels; k++)
        ((float *)dst)[k] =
            linear_row(h, a[k], b[k]) * v->weight[0] + linear_row(h, c[k], d[k]) * v->weight[1];
}

/* Both axes halved: the library sums the four, in another order where it uses vectors. */
static void half_f32(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const float *a = AT(float, 2 * y, 2 * x), *c = AT(float, 2 * y + 1, 2 * x);
    const bool paired = r->channels == 1 && x < r->out_width / 4 * 4;

    for (int64_t k = 0; k < r->channels; k++) {
        const float b = a[k + r->channels], d = c[k + r->channels];
        const float sum = paired ? (a[k] + b) + (c[k] + d) : ((a[k] + b) + c[k]) + d;
        ((float *)dst)[k] = sum * 0.25f;
    }
}

static void cubic_u8(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const taps *v = &r->axis[0][y], *h = &r->axis[1][x];

    for (int64_t k = 0; k < r->channels; k++) {
        int32_t row[4] = {0}, sum = 0;
        float b[4], value;
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++)
                row[i] += AT(uint8_t, v->source[i], h->source[j])[k] * h->fixed[j];
            b[i] = (float)v->fixed[i] * 0x1p-22f;
            sum += row[i] * v->fixed[i];
        }
        value = (float)row[0] * b[0] +
                ((float)row[1] * b[1] + ((float)row[2] * b[2] + (float)row[3] * b[3]));
        /* the library's vectors leave the last elements of a row to its integer loop */
        ((uint8_t *)dst)[k] = x * r->channels + k >= r->out_width * r->channels / 8 * 8
                                  ? clamp_u8((sum + (1 << 21)) >> 22)
                                  : clamp_u8(round_even((double)value));
    }
}

static void cubic_f32(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const taps *v = &r->axis[0][y], *h = &r->axis[1][x];

    for (int64_t k = 0; k < r->channels; k++) {
        float row[4];
        for (int i = 0; i < 4; i++)
            row[i] = AT(float, v->source[i], h->source[0])[k] * h->weight[0] +
                     (AT(float, v->source[i], h->source[1])[k] * h->weight[1] +
                      (AT(float, v->source[i], h->source[2])[k] * h->weight[2] +
                       AT(float, v->source[i], h->source[3])[k] * h->weight[3]));
        ((float *)dst)[k] =
            row[0] * v->weight[0] +
            (row[1] * v->weight[1] + (row[2] * v->weight[2] + row[3] * v->weight[3]));
    }
}

/* Ratios that are whole numbers. */
static void block_u8(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const int64_t n = r->ratio[0] * r->ratio[1];
    const float share = (float)(1.0 / (double)n);

    for (int64_t k = 0; k < r->channels; k++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += AT(uint8_t, y * r->ratio[0] + i / r->ratio[1],
                      x * r->ratio[1] + i % r->ratio[1])[k];
        ((uint8_t *)dst)[k] = r->ratio[0] == 2 && r->ratio[1] == 2
                                  ? (uint8_t)((sum + 2) >> 2)
                                  : clamp_u8(round_even((double)((float)sum * share)));
    }
}

static float mean_of(const resize *r, const void *src, bool u8, int64_t y, int64_t x, int64_t k)
{
    const span *v = &r->spans[0][y], *h = &r->spans[1][x];
    float sum = 0;

    for (int32_t i = 0; i < v->count; i++) {
        float row = 0;
        for (int32_t j = 0; j < h->count; j++) {
            const float s = u8 ? (float)AT(uint8_t, v->first + i, h->first + j)[k]
                               : AT(float, v->first + i, h->first + j)[k];
            row = row + s * h->weights[j];
        }
        sum = i == 0 ? v->weights[0] * row : sum + v->weights[i] * row;
    }
    return sum;
}

static void mean_u8(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    for (int64_t k = 0; k < r->channels; k++)
        ((uint8_t *)dst)[k] = clamp_u8(round_even((double)mean_of(r, src, true, y, x, k)));
}

static void mean_f32(const resize *r, const void *src, int64_t y, int64_t x, void *dst)
{
    for (int64_t k = 0; k < r->channels; k++)
        ((float *)dst)[k] = mean_of(r, src, false, y, x, k);
}

/* ---- the stage ---- */

/* (height, width), or the shorter side and the other in proportion. */
static void wanted_size(const dp_ints *size, const int64_t src[2], int64_t dst[2])
{
    const int longer = src[1] > src[0];
    const float ratio = (float)src[longer] / (float)src[1 - longer];

    dst[0] = size->v[0];
    dst[1] = size->v[size->n - 1];
    if (size->n == 1)
        dst[longer] = (int64_t)(ratio * (float)size->v[0]);
}

/* Area mixes as it says only where both axes shrink. */
static dp_status plan_shrinking(resize *p, const int64_t src[2], const int64_t dst[2], bool u8,
                                dp_arena *arena, dp_error *err)
{
    dp_status status = plan_area(&p->spans[0], src[0], dst[0], arena, err);

    if (status == DP_OK)
        status = plan_area(&p->spans[1], src[1], dst[1], arena, err);
    p->ratio[0] = src[0] / dst[0];
    p->ratio[1] = src[1] / dst[1];
    p->pixel = u8 ? mean_u8 : mean_f32;
    if (u8 && src[0] % dst[0] == 0 && src[1] % dst[1] == 0)
        p->pixel = block_u8;
    return status;
}

static dp_status plan_axes(resize *p, const int64_t src[2], const int64_t dst[2], bool u8,
                           dp_arena *arena, dp_error *err)
{
    const bool area = p->interpolation == AREA;

    if (area && dst[0] <= src[0] && dst[1] <= src[1])
        return plan_shrinking(p, src, dst, u8, arena, err);
    for (int d = 0; d < 2; d++) {
        p->axis[d] = dp_arena_alloc(arena, (size_t)dst[d], sizeof *p->axis[d]);
        if (p->axis[d] == NULL)
            return dp_arena_fail(arena, err, "a plan of the image");
        if (p->interpolation == NEAREST)
            plan_nearest(p->axis[d], src[d], dst[d]);
        else if (p->interpolation == CUBIC)
            plan_cubic(p->axis[d], src[d], dst[d]);
        else
            plan_linear(p->axis[d], src[d], dst[d], d == 1, area);
    }
    if (p->interpolation == NEAREST)
        p->pixel = nearest;
    else if (p->interpolation == CUBIC)
        p->pixel = u8 ? cubic_u8 : cubic_f32;
    else
        p->pixel = u8 ? linear_u8 : linear_f32;
    if (p->interpolation == LINEAR && !u8 && src[0] == 2 * dst[0] && src[1] == 2 * dst[1])
        p->pixel = half_f32;
    return DP_OK;
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    resize *p = params_;
    const dp_tensor *t = &in->type;
    int64_t dst[2];
    dp_status status = dp_check_image("resize", in, err);

    if (status == DP_OK)
        status = dp_check_list("resize", "size", &p->size, 2, err);
    if (status != DP_OK)
        return status;
    if (t->dtype != DP_U8 && t->dtype != DP_F32 && p->interpolation != NEAREST)
        return dp_fail(err, DP_ESPEC,
                       "resize takes uint8 or float32 images, not %s: put type_cast before it",
                       dp_dtype_name(t->dtype));
    wanted_size(&p->size, t->shape, dst);
    for (int d = 0; d < 2; d++) {
        if (dst[d] < 1 || dst[d] > MAX_GROWTH * t->shape[d] || t->shape[d] > INT32_MAX)
            return dp_fail(err, DP_ESPEC,
                           "resize: %lld from %lld is out of range (1, to %d times as large)",
                           (long long)dst[d], (long long)t->shape[d], MAX_GROWTH);
    }
    status = dp_resized("resize", out, dst[0], dst[1], err);
    if (status != DP_OK)
        return status;
    p->channels = t->rank == 3 ? t->shape[2] : 1;
    p->pixel_size = dp_dtype_size(t->dtype) * (size_t)p->channels;
    p->width = t->shape[1];
    p->out_width = dst[1];
    return plan_axes(p, t->shape, dst, t->dtype == DP_U8, arena, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const resize *p = params_;
    uint8_t *dst = out->data;

    (void)draws;
    if (in->shape[0] == out->shape[0] && in->shape[1] == out->shape[1]) {
        memcpy(dst, in->data, dp_tensor_bytes(in));
        return;
    }
    for (int64_t y = 0; y < out->shape[0]; y++) {
        for (int64_t x = 0; x < out->shape[1]; x++, dst += p->pixel_size)
            p->pixel(p, in->data, y, x, dst);
    }
}

const dp_transform dp_transform_resize = {
    .info = {"transform", "resize", "give the image another height and width", 1, params},
    .size = sizeof(resize),
    .plan = plan,
    .apply = apply,
};
