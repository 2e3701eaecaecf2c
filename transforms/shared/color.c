/* color.c - the arithmetic of colours, for the stages that change them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/color.h"

#include <string.h>

#include "base/number/num.h"
#include "transforms/shared/frame.h"

dp_status dp_check_color(const dp_column *in, int64_t channels, dp_error *err)
{
    const dp_status status = dp_check_image(in, err);

    if (status != DP_OK)
        return status;
    if (in->type.dtype != DP_U8)
        return dp_fail(err, DP_ESPEC, "takes uint8 images, not %s: put it before rescale",
                       dp_dtype_name(in->type.dtype));
    if (channels != 0 && (in->type.rank != 3 || in->type.shape[2] != channels))
        return dp_fail(err, DP_ESPEC, "takes %lld channels <H,W,%lld>: column %s is %s",
                       (long long)channels, (long long)channels, in->name,
                       dp_tensor_type(&in->type).text);
    return DP_OK;
}

dp_status dp_plan_color(void *params, const dp_column *in, dp_column *out, dp_arena *arena,
                        dp_error *err)
{
    (void)params, (void)out, (void)arena;
    return dp_check_color(in, 0, err);
}

dp_status dp_plan_rgb(void *params, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    (void)params, (void)out, (void)arena;
    return dp_check_color(in, 3, err);
}

uint8_t dp_clamp_u8(double v)
{
    const double rounded = dp_round_even(v);

    return (uint8_t)(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
}

/* ---- through a table ---- */

void dp_lut(const uint8_t table[256], const dp_tensor *in, const dp_tensor *out)
{
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    const size_t n = dp_tensor_bytes(in);

    for (size_t i = 0; i < n; i++)
        dst[i] = table[src[i]];
}

void dp_invert(const dp_tensor *in, const dp_tensor *out)
{
    uint8_t table[256];

    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)(255 - v);
    dp_lut(table, in, out);
}

void dp_posterize(int64_t bits, const dp_tensor *in, const dp_tensor *out)
{
    uint8_t table[256];

    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)(v & (0xFF << (8 - bits)));
    dp_lut(table, in, out);
}

void dp_solarize(double low, double high, const dp_tensor *in, const dp_tensor *out)
{
    uint8_t table[256];

    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)(v >= low && (v <= high || low == high) ? 255 - v : v);
    dp_lut(table, in, out);
}

void dp_adjust_brightness(double factor, const dp_tensor *in, const dp_tensor *out)
{
    uint8_t table[256];

    for (int v = 0; v < 256; v++)
        table[v] = dp_clamp_u8((double)((float)v * (float)factor));
    dp_lut(table, in, out);
}

/* ---- a table for each channel, from its histogram ---- */

typedef void make_table(const void *ctx, uint32_t histogram[256], size_t n, uint8_t table[256]);

static void by_channel(make_table *make, const void *ctx, const dp_tensor *in, const dp_tensor *out)
{
    const size_t channels = in->rank == 3 ? (size_t)in->shape[2] : 1;
    const size_t n = dp_tensor_bytes(in) / channels;

    for (size_t c = 0; c < channels; c++) {
        const uint8_t *src = (const uint8_t *)in->data + c;
        uint8_t *dst = (uint8_t *)out->data + c, table[256];
        uint32_t histogram[256] = {0};
        for (size_t i = 0; i < n; i++)
            histogram[src[i * channels]]++;
        make(ctx, histogram, n, table);
        for (size_t i = 0; i < n; i++)
            dst[i * channels] = table[src[i * channels]];
    }
}

static void keep(uint8_t table[256])
{
    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)v;
}

static void equalizing(const void *ctx, uint32_t histogram[256], size_t n, uint8_t table[256])
{
    int first = 0;
    uint64_t sum = 0;
    float scale;

    (void)ctx;
    while (histogram[first] == 0)
        first++;
    if (histogram[first] == n) {
        keep(table);
        return;
    }
    scale = 255.0f / (float)(n - histogram[first]);
    memset(table, 0, 256);
    for (int v = first + 1; v < 256; v++) {
        sum += histogram[v];
        table[v] = dp_clamp_u8((double)((float)sum * scale));
    }
}

void dp_equalize(const dp_tensor *in, const dp_tensor *out)
{
    by_channel(equalizing, NULL, in, out);
}

typedef struct contrast {
    int64_t percent; /* of the pixels that count */
    const dp_ints *ignored;
} contrast;

/* Takes `cut` pixels off the histogram, from value `from` on in steps of `step`. */
static void cut_off(uint32_t histogram[256], uint64_t cut, int from, int step)
{
    for (int v = from; v >= 0 && v < 256 && cut > 0; v += step) {
        const uint32_t less = cut < histogram[v] ? (uint32_t)cut : histogram[v];
        histogram[v] -= less;
        cut -= less;
    }
}

static void contrasting(const void *ctx, uint32_t histogram[256], size_t n, uint8_t table[256])
{
    const contrast *p = ctx;
    uint64_t left = n, cut;
    int low = 0, high = 255;
    float scale, shift;

    for (int32_t i = 0; i < p->ignored->n; i++) {
        left -= histogram[p->ignored->v[i]];
        histogram[p->ignored->v[i]] = 0;
    }
    cut = left * (uint64_t)p->percent / 100;
    cut_off(histogram, cut, 0, 1);
    cut_off(histogram, cut, 255, -1);
    while (low < 255 && histogram[low] == 0)
        low++;
    while (high > 0 && histogram[high] == 0)
        high--;
    keep(table);
    if (high <= low)
        return;
    scale = 255.0f / (float)(high - low);
    shift = (float)-low * scale;
    for (int v = 0; v < 256; v++) {
        const float value = (float)v * scale + shift;
        table[v] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

void dp_auto_contrast(double cutoff, const dp_ints *ignored, const dp_tensor *in,
                      const dp_tensor *out)
{
    const contrast p = {(int64_t)cutoff, ignored};

    by_channel(contrasting, &p, in, out);
}

/* ---- between the image and another one ---- */

/* x * factor + other * (1 - factor), in float32 with one fused multiply-add */
static uint8_t blend(float x, float other, float factor)
{
    return dp_clamp_u8((double)dp_fma32(other, 1.0f - factor, x * factor));
}

/* The same with the other product rounded. */
static uint8_t blend_onto(float x, float other, float factor)
{
    return dp_clamp_u8((double)dp_fma32(x, factor, other * (1.0f - factor)));
}

static size_t pixels(const dp_tensor *t) { return (size_t)(t->shape[0] * t->shape[1]); }

void dp_adjust_contrast(double factor, const dp_tensor *in, const dp_tensor *out)
{
    const uint8_t *src = in->data;
    const size_t n = pixels(in);
    uint64_t sum = 0;
    uint8_t table[256];
    float mean;

    for (size_t i = 0; i < n; i++)
        sum += dp_gray(src[3 * i], src[3 * i + 1], src[3 * i + 2]);
    mean = (float)dp_clamp_u8((double)sum / (double)n);
    for (int v = 0; v < 256; v++)
        table[v] = blend((float)v, mean, (float)factor);
    dp_lut(table, in, out);
}

typedef uint8_t mix(float x, float gray, float factor);

static void mix_with_gray(mix *with, float factor, const dp_tensor *in, const dp_tensor *out)
{
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    const size_t n = pixels(in);

    for (size_t i = 0; i < n; i++, src += 3, dst += 3) {
        const float gray = (float)dp_gray(src[0], src[1], src[2]);
        for (int c = 0; c < 3; c++)
            dst[c] = with((float)src[c], gray, factor);
    }
}

void dp_adjust_saturation(double factor, const dp_tensor *in, const dp_tensor *out)
{
    mix_with_gray(blend, (float)factor, in, out);
}

void dp_color(double factor, const dp_tensor *in, const dp_tensor *out)
{
    mix_with_gray(blend_onto, (float)factor, in, out);
}

/* The mean of the nine pixels, the middle one counted five times; the border stays. */
static float smooth(const uint8_t *p, size_t row, size_t channels)
{
    int sum = 4 * p[0];

    for (int y = -1; y <= 1; y++) {
        for (int x = -1; x <= 1; x++)
            sum += p[y * (int64_t)row + x * (int64_t)channels];
    }
    return (float)dp_clamp_u8((double)((float)sum * (1.0f / 13.0f)));
}

void dp_adjust_sharpness(double factor, const dp_tensor *in, const dp_tensor *out)
{
    const size_t channels = in->rank == 3 ? (size_t)in->shape[2] : 1;
    const size_t height = (size_t)in->shape[0], width = (size_t)in->shape[1],
                 row = width * channels;
    const float f = (float)factor;
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;

    for (size_t y = 0; y < height; y++) {
        for (size_t i = 0; i < row; i++, src++, dst++) {
            const size_t x = i / channels;
            const bool border = y == 0 || x == 0 || y == height - 1 || x == width - 1;
            const float other = border ? (float)*src : smooth(src, row, channels);
            *dst = blend_onto((float)*src, other, f);
        }
    }
}

/* ---- hue ---- */

/* OpenCV's 8-bit HSV: hue and saturation by fixed-point division; a full turn is 256 on the way
 * there and 255 on the way back. */
static void to_hsv(const uint8_t rgb[3], int hsv[3])
{
    const int r = rgb[0], g = rgb[1], b = rgb[2];
    const int value = r > g ? (r > b ? r : b) : (g > b ? g : b);
    const int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
    const int range = value - low;
    const int by_value = value == 0 ? 0 : (int)((255.0 * 4096) / value + 0.5);
    const int by_range = range == 0 ? 0 : (int)((256.0 * 4096) / (6.0 * range) + 0.5);
    int hue = value == r ? g - b : value == g ? b - r + 2 * range : r - g + 4 * range;

    hue = (hue * by_range + 2048) >> 12;
    hsv[0] = hue + (hue < 0 ? 256 : 0);
    hsv[1] = (range * by_value + 2048) >> 12;
    hsv[2] = value;
}

/* OpenCV's vectors, of 32 pixels, cut the result; it rounds those that are left of a row. */
static void to_rgb(const int hsv[3], bool rest, uint8_t rgb[3])
{
    static const uint8_t sectors[6][3] = {{0, 3, 1}, {2, 0, 1}, {1, 0, 3},
                                          {1, 2, 0}, {3, 1, 0}, {0, 1, 2}};
    const float h = (float)hsv[0] * (6.0f / 255.0f), s = (float)hsv[1] * (1.0f / 255.0f),
                v = (float)hsv[2] * (1.0f / 255.0f);
    const int sector = (int)h % 6;
    const float f = h - (float)(int)h;
    const float tab[4] = {v, v * (1.0f - s), v * dp_fma32(-s, f, 1.0f),
                          v * dp_fma32(-s, 1.0f - f, 1.0f)};

    for (int c = 0; c < 3; c++) {
        const float value = tab[sectors[sector][c]] * 255.0f;
        rgb[c] = rest ? dp_clamp_u8((double)value) : (uint8_t)value;
    }
}

void dp_adjust_hue(double factor, const dp_tensor *in, const dp_tensor *out)
{
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    const size_t n = pixels(in), width = (size_t)in->shape[1];

    for (size_t i = 0; i < n; i++, src += 3, dst += 3) {
        int hsv[3];
        to_hsv(src, hsv);
        hsv[0] = (hsv[0] + (int)((float)factor * 255.0f)) & 255;
        to_rgb(hsv, i % width >= width / 32 * 32, dst);
    }
}
