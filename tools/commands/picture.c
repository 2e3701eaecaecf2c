/* picture.c - a picture to look at: pixels, small digits, a PNG file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/picture.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "tools/cli/element.h"
#include "tools/cli/memory.h"
#include "tools/cli/output.h"

void picture_new(picture *p, uint32_t width, uint32_t height)
{
    *p = (picture){width, height, xmalloc((size_t)width * height * 3)};
    memset(p->pixels, 255, (size_t)width * height * 3);
}

void picture_free(picture *p) { free(p->pixels); }

static void dot(picture *p, uint32_t x, uint32_t y, const uint8_t rgb[3])
{
    if (x < p->width && y < p->height)
        memcpy(p->pixels + ((size_t)y * p->width + x) * 3, rgb, 3);
}

/* Bresenham's. */
void picture_line(picture *p, uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1,
                  const uint8_t rgb[3])
{
    const int64_t dx = llabs((int64_t)x1 - x0), dy = -llabs((int64_t)y1 - y0);
    int64_t error = dx + dy;

    for (dot(p, x0, y0, rgb); x0 != x1 || y0 != y1; dot(p, x0, y0, rgb)) {
        const int64_t twice = 2 * error;
        if (twice >= dy && x0 != x1)
            error += dy, x0 = x0 < x1 ? x0 + 1 : x0 - 1;
        if (twice <= dx && y0 != y1)
            error += dx, y0 = y0 < y1 ? y0 + 1 : y0 - 1;
    }
}

/* Five rows of three bits each. */
static uint16_t glyph(char c)
{
    static const uint16_t digits[10] = {0x7B6F, 0x2C97, 0x73E7, 0x73CF, 0x5BC9,
                                        0x79CF, 0x79EF, 0x7249, 0x7BEF, 0x7BCF};
    if (c >= '0' && c <= '9')
        return digits[c - '0'];
    switch (c) {
    case '-': return 0x01C0;
    case '.': return 0x0002;
    case ':': return 0x0410;
    case '/': return 0x12A4;
    default: return 0;
    }
}

void picture_text(picture *p, uint32_t x, uint32_t y, uint32_t size, const char *text)
{
    static const uint8_t black[3] = {0, 0, 0};

    for (; *text != '\0'; text++, x += 4 * size) {
        const uint16_t bits = glyph(*text);
        for (uint32_t i = 0; i < 15 * size * size; i++) {
            const uint32_t column = i % (3 * size), row = i / (3 * size);
            if (bits >> (14 - (row / size * 3 + column / size)) & 1)
                dot(p, x + column, y + row, black);
        }
    }
}

static double value_at(const dp_tensor *t, uint64_t i)
{
    switch (t->dtype) {
    case DP_U8:
    case DP_BOOL: return ((const uint8_t *)t->data)[i];
    case DP_F32: return (double)((const float *)t->data)[i];
    case DP_F64: return ((const double *)t->data)[i];
    case DP_I16: return ((const int16_t *)t->data)[i];
    case DP_I32: return ((const int32_t *)t->data)[i];
    default: return 0;
    }
}

int picture_of(picture_source *s, const dp_tensor *t, int batched)
{
    const int32_t rank = t->rank - batched;
    const int64_t *shape = t->shape + batched;
    const uint64_t n = element_count(t);

    *s = (picture_source){.tensor = t, .channels = 1, .low = 0, .high = 255};
    if ((rank != 2 && rank != 3) || t->dtype == DP_F16 || t->dtype == DP_I64)
        return 0;
    s->planes = rank == 3 && shape[2] > 4 && shape[0] <= 4;
    s->height = (uint32_t)shape[s->planes];
    s->width = (uint32_t)shape[s->planes + 1];
    if (rank == 3)
        s->channels = (uint32_t)shape[s->planes ? 0 : 2];
    if (t->dtype == DP_U8)
        return 1;
    s->low = s->high = n > 0 ? value_at(t, 0) : 0;
    for (uint64_t i = 0; i < n; i++) {
        const double v = value_at(t, i);
        s->low = v < s->low ? v : s->low;
        s->high = v > s->high ? v : s->high;
    }
    return 1;
}

static uint8_t shade(const picture_source *s, uint64_t row, uint32_t y, uint32_t x, uint32_t c)
{
    const uint64_t channel = s->channels < 3 ? 0 : c, area = (uint64_t)s->height * s->width,
                   first = row * area * s->channels, pixel = (uint64_t)y * s->width + x;
    const double v = value_at(s->tensor, s->planes ? first + channel * area + pixel
                                                   : first + pixel * s->channels + channel);
    const double range = s->high > s->low ? s->high - s->low : 1;

    return (uint8_t)((v - s->low) / range * 255 + 0.5);
}

void picture_image(picture *p, uint32_t x, uint32_t y, uint32_t scale, const picture_source *s,
                   uint64_t row)
{
    for (uint32_t j = 0; j < s->height * scale; j++) {
        for (uint32_t i = 0; i < s->width * scale; i++) {
            uint8_t rgb[3];
            for (uint32_t c = 0; c < 3; c++)
                rgb[c] = shade(s, row, j / scale, i / scale, c);
            dot(p, x + i, y + j, rgb);
        }
    }
}

/* libpng's simplified interface: no text, no time, so equal pixels make equal files. */
static int encode(const picture *p, FILE *f)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = p->width,
                       .height = p->height,
                       .format = PNG_FORMAT_RGB};

    return png_image_write_to_stdio(&image, f, 0, p->pixels, 0, NULL);
}

int picture_save(const picture *p, const char *path)
{
    output o;
    const int status = output_open(&o, path);

    return status == 0 ? output_close(&o, encode(p, o.file)) : status;
}
