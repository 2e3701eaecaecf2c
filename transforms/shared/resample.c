/* resample.c - images of another height and width, for the stages that make them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * An axis is planned as the source places and weights of each output place; an output is a function
 * of at most a few source pixels, so nothing is kept between rows.
 */
#include "transforms/shared/resample.h"

#include <string.h>

#include "base/number/num.h"
#include "transforms/shared/frame.h"
#include "transforms/shared/linear.h"

#define FIXED 2048.0 /* weights of uint8 are in 1/2048 */

/* The next integers below and above; |v| < 2^63. */
static int64_t floor_of(double v)
{
    const int64_t i = (int64_t)v;
    return i - (v < (double)i);
}

static int64_t ceil_of(double v) { return -floor_of(-v); }

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

static void plan_linear(dp_taps *t, int64_t src, int64_t dst, bool horizontal, bool area)
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
        t[d].fixed[0] = (int32_t)dp_round_even((double)(1.0f - f) * FIXED);
        t[d].fixed[1] = (int32_t)dp_round_even((double)f * FIXED);
    }
}

static void plan_cubic(dp_taps *t, int64_t src, int64_t dst)
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
            t[d].fixed[k] = (int32_t)dp_round_even((double)c[k] * FIXED);
        }
    }
}

static void plan_nearest(dp_taps *t, int64_t src, int64_t dst)
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

/* The weights of all places one behind the other: what they take has no steps, so that sides
 * between two others take no more than one of them (pipeline/vary.h). */
static dp_status plan_area(dp_span **out, int64_t src, int64_t dst, dp_arena *arena, dp_error *err)
{
    float *weights = dp_arena_alloc(arena, (size_t)(src + 3 * dst), sizeof *weights);
    dp_span *spans = dp_arena_alloc(arena, (size_t)dst, sizeof *spans);

    if (weights == NULL || spans == NULL)
        return dp_arena_fail(arena, err, "a plan of the image");
    for (int64_t d = 0; d < dst; d++) {
        spans[d].count = cover(src, dst, d, &spans[d].first, weights);
        spans[d].weights = weights;
        weights += spans[d].count;
    }
    *out = spans;
    return DP_OK;
}

/* ---- one output pixel; the arithmetic is the definition ---- */

#define AT(type, y, x) ((const type *)src + ((int64_t)(y)*r->width + (x)) * r->channels)

static void nearest(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const int64_t at = (int64_t)r->axis[0][y].source[0] * r->width + r->axis[1][x].source[0];
    memcpy(dst, (const uint8_t *)src + (size_t)at * r->pixel_size, r->pixel_size);
}

static void linear_u8(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const dp_taps *v = &r->axis[0][y], *h = &r->axis[1][x];
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

static float linear_row(const dp_taps *h, float left, float right)
{
    return h->edge ? left : left * h->weight[0] + right * h->weight[1];
}

static void linear_f32(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const dp_taps *v = &r->axis[0][y], *h = &r->axis[1][x];
    const float *a = AT(float, v->source[0], h->source[0]),
                *b = AT(float, v->source[0], h->source[1]);
    const float *c = AT(float, v->source[1], h->source[0]),
                *d = AT(float, v->source[1], h->source[1]);

    for (int64_t k = 0; k < r->channels; k++)
        ((float *)dst)[k] =
            linear_row(h, a[k], b[k]) * v->weight[0] + linear_row(h, c[k], d[k]) * v->weight[1];
}

/* Both axes halved: the library sums the four, in another order where it uses vectors: of 4
 * channels a pixel, of 1 channel four of them. */
static void half_f32(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const float *a = AT(float, 2 * y, 2 * x), *c = AT(float, 2 * y + 1, 2 * x);
    const bool paired = r->channels == 4 || (r->channels == 1 && x < r->out_width / 4 * 4);

    for (int64_t k = 0; k < r->channels; k++) {
        const float b = a[k + r->channels], d = c[k + r->channels];
        const float sum = paired ? (a[k] + b) + (c[k] + d) : ((a[k] + b) + c[k]) + d;
        ((float *)dst)[k] = sum * 0.25f;
    }
}

static void cubic_u8(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const dp_taps *v = &r->axis[0][y], *h = &r->axis[1][x];

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
                                  : clamp_u8((int32_t)dp_round_even((double)value));
    }
}

/* The products of four places, added from the first on, or from the last back. */
static float from_first(const float v[4], const float weight[4])
{
    return ((v[0] * weight[0] + v[1] * weight[1]) + v[2] * weight[2]) + v[3] * weight[3];
}

static float from_last(const float v[4], const float weight[4])
{
    return v[0] * weight[0] + (v[1] * weight[1] + (v[2] * weight[2] + v[3] * weight[3]));
}

/* The library's vectors, of four elements, add the rows from the last back. */
static void cubic_f32(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const dp_taps *v = &r->axis[0][y], *h = &r->axis[1][x];

    for (int64_t k = 0; k < r->channels; k++) {
        const bool rest = x * r->channels + k >= r->out_width * r->channels / 4 * 4;
        float row[4];
        for (int i = 0; i < 4; i++) {
            float s[4];
            for (int j = 0; j < 4; j++)
                s[j] = AT(float, v->source[i], h->source[j])[k];
            row[i] = from_first(s, h->weight);
        }
        ((float *)dst)[k] = rest ? from_first(row, v->weight) : from_last(row, v->weight);
    }
}

static bool in_integers(int64_t channels)
{
    return channels == 1 || channels == 3 || channels == 4;
}

/* Ratios that are whole numbers.  The library halves 1, 3 and 4 channels in integers, half up; what
 * else is half way goes to even. */
static void block_u8(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const int64_t n = r->ratio[0] * r->ratio[1];
    const float share = (float)(1.0 / (double)n);
    const bool whole = n == 4 && r->ratio[0] == 2 && in_integers(r->channels);

    for (int64_t k = 0; k < r->channels; k++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += AT(uint8_t, y * r->ratio[0] + i / r->ratio[1],
                      x * r->ratio[1] + i % r->ratio[1])[k];
        ((uint8_t *)dst)[k] = whole
                                  ? (uint8_t)((sum + 2) >> 2)
                                  : clamp_u8((int32_t)dp_round_even((double)((float)sum * share)));
    }
}

/* Four are added to each other, then to the sum. */
static void block_f32(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    const int64_t n = r->ratio[0] * r->ratio[1];

    for (int64_t k = 0; k < r->channels; k++) {
        float sum = 0, four = 0;
        for (int64_t i = 0; i < n; i++) {
            const float v =
                AT(float, y * r->ratio[0] + i / r->ratio[1], x * r->ratio[1] + i % r->ratio[1])[k];
            if (i >= n / 4 * 4)
                sum += v;
            else if (i % 4 == 0)
                four = v;
            else
                four += v;
            if (i % 4 == 3)
                sum += four;
        }
        ((float *)dst)[k] = sum * (1.0f / (float)n);
    }
}

static float mean_of(const dp_resample *r, const void *src, bool u8, int64_t y, int64_t x,
                     int64_t k)
{
    const dp_span *v = &r->spans[0][y], *h = &r->spans[1][x];
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

static void mean_u8(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    for (int64_t k = 0; k < r->channels; k++)
        ((uint8_t *)dst)[k] =
            clamp_u8((int32_t)dp_round_even((double)mean_of(r, src, true, y, x, k)));
}

static void mean_f32(const dp_resample *r, const void *src, int64_t y, int64_t x, void *dst)
{
    for (int64_t k = 0; k < r->channels; k++)
        ((float *)dst)[k] = mean_of(r, src, false, y, x, k);
}

/* ---- choosing ---- */

/* Pillow's modes. */
static dp_status check_bytes(const dp_tensor *t, const char *name, dp_error *err)
{
    if (t->dtype == DP_U8)
        return DP_OK;
    return dp_fail(err, DP_ESPEC, "%s takes uint8 images, not %s", name, dp_dtype_name(t->dtype));
}

static dp_status check_antialias(const dp_tensor *t, int32_t interpolation, int32_t antialias,
                                 dp_error *err)
{
    if (interpolation == DP_AREA || interpolation == DP_PILCUBIC)
        return dp_fail(err, DP_ESPEC, "antialias has interpolation=%s in the place of %s",
                       interpolation == DP_AREA ? "box" : "cubic",
                       interpolation == DP_AREA ? "area" : "pilcubic");
    if (antialias == DP_TORCH && interpolation != DP_LINEAR && interpolation != DP_CUBIC)
        return dp_fail(err, DP_ESPEC, "antialias=torch has interpolation=linear and cubic");
    if (t->rank == 3 && t->shape[2] > 4)
        return dp_fail(err, DP_ESPEC, "antialias takes 1 to 4 channels, not %lld",
                       (long long)t->shape[2]);
    return check_bytes(t, "antialias", err);
}

dp_status dp_check_resample(const dp_column *in, int32_t interpolation, int32_t antialias,
                            dp_error *err)
{
    const dp_tensor *t = &in->type;
    const dp_status status = dp_check_image(in, err);

    if (status != DP_OK || antialias != DP_ALIASED)
        return status != DP_OK ? status : check_antialias(t, interpolation, antialias, err);
    if (interpolation == DP_BOX || interpolation == DP_HAMMING || interpolation == DP_LANCZOS)
        return dp_fail(err, DP_ESPEC, "interpolation=%s needs antialias=true",
                       interpolation == DP_BOX       ? "box"
                       : interpolation == DP_HAMMING ? "hamming"
                                                     : "lanczos");
    if (t->dtype != DP_U8 && t->dtype != DP_F32 && interpolation != DP_NEAREST)
        return dp_fail(err, DP_ESPEC,
                       "takes uint8 or float32 images, not %s: put type_cast before it",
                       dp_dtype_name(t->dtype));
    return interpolation == DP_PILCUBIC ? check_bytes(t, "pilcubic", err) : DP_OK;
}

static bool halves(const int64_t src[2], const int64_t dst[2])
{
    return src[0] == 2 * dst[0] && src[1] == 2 * dst[1];
}

#define MAX_GROWTH 1000

static int64_t longer_side(int64_t size, int64_t longer, int64_t shorter, bool exact)
{
    const float ratio = (float)longer / (float)shorter;
    return exact ? size * longer / shorter : (int64_t)(ratio * (float)size);
}

dp_status dp_resample_size(const dp_ints *size, const dp_column *in, bool exact, int64_t dst[2],
                           dp_error *err)
{
    const int64_t *src = in->type.shape;
    const int longer = src[1] > src[0];
    const dp_status status = dp_check_list("size", size, 2, err);

    if (status != DP_OK)
        return status;
    dst[0] = size->v[0];
    dst[1] = size->v[size->n - 1];
    if (size->n == 1)
        dst[longer] = longer_side(size->v[0], src[longer], src[1 - longer], exact);
    for (int d = 0; d < 2; d++) {
        if (dst[d] < 1 || dst[d] > MAX_GROWTH * src[d] || src[d] > INT32_MAX)
            return dp_fail(err, DP_ESPEC,
                           "%lld from %lld is out of range (1, to %d times as large)",
                           (long long)dst[d], (long long)src[d], MAX_GROWTH);
    }
    return DP_OK;
}

/* Area mixes as it says only where both axes shrink. */
static dp_status plan_shrinking(dp_resample *r, const int64_t src[2], const int64_t dst[2], bool u8,
                                dp_arena *arena, dp_error *err)
{
    dp_status status = plan_area(&r->spans[0], src[0], dst[0], arena, err);

    if (status == DP_OK)
        status = plan_area(&r->spans[1], src[1], dst[1], arena, err);
    r->ratio[0] = src[0] / dst[0];
    r->ratio[1] = src[1] / dst[1];
    r->pixel = u8 ? mean_u8 : mean_f32;
    if (src[0] % dst[0] == 0 && src[1] % dst[1] == 0)
        r->pixel = u8 ? block_u8 : halves(src, dst) ? half_f32 : block_f32;
    return status;
}

void dp_resample_axis(dp_taps *out, int32_t interpolation, int64_t src, int64_t dst,
                      bool horizontal)
{
    if (interpolation == DP_NEAREST)
        plan_nearest(out, src, dst);
    else if (interpolation == DP_CUBIC)
        plan_cubic(out, src, dst);
    else
        plan_linear(out, src, dst, horizontal, interpolation == DP_AREA);
}

void dp_resample_choose(dp_resample *r, int32_t interpolation, bool u8, const int64_t src[2],
                        const int64_t dst[2])
{
    if (interpolation == DP_NEAREST)
        r->pixel = nearest;
    else if (interpolation == DP_CUBIC)
        r->pixel = u8 ? cubic_u8 : cubic_f32;
    else
        r->pixel = u8 ? linear_u8 : linear_f32;
    if (interpolation == DP_LINEAR && halves(src, dst)) {
        r->ratio[0] = r->ratio[1] = 2;
        r->pixel = !u8 ? half_f32 : in_integers(r->channels) ? linear_u8 : block_u8;
    }
    r->rows = r->pixel == linear_u8 && dst[1] <= DP_LINEAR_ROW / r->channels;
    r->n_taps = interpolation == DP_NEAREST ? 1 : interpolation == DP_CUBIC ? 4 : 2;
}

static dp_status plan_taps(dp_resample *r, int32_t interpolation, const int64_t src[2],
                           const int64_t dst[2], dp_arena *arena, dp_error *err)
{
    for (int d = 0; d < 2; d++) {
        dp_taps *taps = dp_arena_alloc(arena, (size_t)dst[d], sizeof *taps);
        if (taps == NULL)
            return dp_arena_fail(arena, err, "a plan of the image");
        dp_resample_axis(taps, interpolation, src[d], dst[d], d == 1);
        r->axis[d] = taps;
    }
    return DP_OK;
}

dp_status dp_resample_plan(dp_resample *r, const dp_column *in, int32_t interpolation,
                           const int64_t src[2], const int64_t dst[2], dp_arena *arena,
                           dp_error *err)
{
    const bool u8 = in->type.dtype == DP_U8;

    r->channels = in->type.rank == 3 ? in->type.shape[2] : 1;
    r->pixel_size = dp_dtype_size(in->type.dtype) * (size_t)r->channels;
    r->width = in->type.shape[1];
    r->out_width = dst[1];
    if (interpolation == DP_AREA && dst[0] <= src[0] && dst[1] <= src[1])
        return plan_shrinking(r, src, dst, u8, arena, err);
    dp_resample_choose(r, interpolation, u8, src, dst);
    return plan_taps(r, interpolation, src, dst, arena, err);
}

void dp_resample_run(const dp_resample *r, const void *src, const dp_tensor *out,
                     const dp_picture_part *part, dp_cpu_level cpu)
{
    if (r->rows) {
        dp_linear_rows(r, src, out, part, cpu);
        return;
    }
    for (int64_t y = part->top; y < part->top + part->height; y++) {
        uint8_t *dst =
            (uint8_t *)out->data + (size_t)(y * out->shape[1] + part->left) * r->pixel_size;
        for (int64_t x = part->left; x < part->left + part->width; x++, dst += r->pixel_size)
            r->pixel(r, src, y, x, dst);
    }
}

void dp_resample_copy(const uint8_t *first, size_t row, const dp_tensor *out,
                      const dp_picture_part *part)
{
    const size_t to = dp_tensor_bytes(out) / (size_t)out->shape[0];
    const size_t pixel = to / (size_t)out->shape[1], at = (size_t)part->left * pixel;

    for (size_t y = (size_t)part->top; y < (size_t)(part->top + part->height); y++)
        memcpy((uint8_t *)out->data + y * to + at, first + y * row + at,
               (size_t)part->width * pixel);
}

/* Places grow along an axis, so those of the first and of the last are enough. */
static void reads_axis(const dp_resample *r, int d, int64_t *first, int64_t *n)
{
    const int64_t last = *first + *n - 1;
    int64_t end;

    if (r->spans[d] == NULL) {
        end = r->axis[d][last].source[r->n_taps - 1] + 1;
        *first = r->axis[d][*first].source[0];
    } else {
        end = r->spans[d][last].first + r->spans[d][last].count;
        *first = r->spans[d][*first].first;
    }
    *n = end - *first;
}

void dp_resample_reads(const dp_resample *r, dp_picture_part *part)
{
    reads_axis(r, 0, &part->top, &part->height);
    reads_axis(r, 1, &part->left, &part->width);
}
