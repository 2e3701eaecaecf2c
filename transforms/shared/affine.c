/* affine.c - images turned, moved and scaled, for the stages that do so
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/affine.h"

#define PI        0x1.921fb54442d18p1
#define POSITION  1024 /* of a pixel; OpenCV's AB_SCALE */
#define FRACTIONS 32   /* of a pixel, when pixels are mixed */

/* Taylor's series at |x| <= pi/4: 12 terms leave less than half an ulp. */
static double series(double first, double square, int n)
{
    double term = first, sum = first;

    for (int k = n; k < n + 22; k += 2) {
        term = -term * square / (double)(k * (k + 1));
        sum += term;
    }
    return sum;
}

void dp_sincos(double degrees, double *sine, double *cosine)
{
    const int64_t quarter = (int64_t)(degrees / 90 + (degrees < 0 ? -0.5 : 0.5));
    const double x = (degrees - 90.0 * (double)quarter) * (PI / 180), s = series(x, x * x, 2),
                 c = series(1, x * x, 1);

    switch (quarter & 3) {
    case 0: *sine = s, *cosine = c; break;
    case 1: *sine = c, *cosine = -s; break;
    case 2: *sine = -s, *cosine = -c; break;
    default: *sine = -c, *cosine = s; break;
    }
}

dp_affine dp_affine_inverse(const dp_affine *f)
{
    const double *m = f->m;
    const double determinant = m[0] * m[4] - m[1] * m[3];
    const double d = determinant != 0 ? 1 / determinant : 0;
    const double a = m[4] * d, b = m[1] * -d, c = m[3] * -d, e = m[0] * d;

    return (dp_affine){{a, b, -a * m[2] - b * m[5], c, e, -c * m[2] - e * m[5]}};
}

dp_affine dp_affine_back(double degrees, double scale, double center_x, double center_y, double dx,
                         double dy)
{
    double sine, cosine, alpha, beta;
    dp_affine forward;

    dp_sincos(degrees, &sine, &cosine);
    alpha = cosine * scale;
    beta = sine * scale;
    forward = (dp_affine){{alpha, beta, (1 - alpha) * center_x - beta * center_y + dx, -beta, alpha,
                           beta * center_x + (1 - alpha) * center_y + dy}};
    return dp_affine_inverse(&forward);
}

/* Round half to even, saturated. */
static int64_t rounded(double v)
{
    if (!(v > -0x1p31 && v < 0x1p31))
        return v > 0 ? INT32_MAX : INT32_MIN;
    return (int64_t)((v + 0x1.8p52) - 0x1.8p52);
}

typedef struct source {
    const uint8_t *pixels;
    int64_t height, width, channels;
    const dp_ints *fill;
} source;

static int value_at(const source *s, int64_t y, int64_t x, int64_t c)
{
    if (y < 0 || y >= s->height || x < 0 || x >= s->width)
        return (int)s->fill->v[s->fill->n == 3 && c < 3 ? c : 0];
    return s->pixels[(y * s->width + x) * s->channels + c];
}

static uint8_t mixed(const source *s, int64_t y, int64_t x, int64_t c)
{
    const int64_t fx = x & (FRACTIONS - 1), fy = y & (FRACTIONS - 1);
    const int64_t left = x >> 5, top = y >> 5;
    const int64_t sum = (FRACTIONS - fy) * ((FRACTIONS - fx) * value_at(s, top, left, c) +
                                            fx * value_at(s, top, left + 1, c)) +
                        fy * ((FRACTIONS - fx) * value_at(s, top + 1, left, c) +
                              fx * value_at(s, top + 1, left + 1, c));

    return (uint8_t)((sum + FRACTIONS * FRACTIONS / 2) / (FRACTIONS * FRACTIONS));
}

void dp_affine_run(const dp_affine *back, bool linear, const dp_ints *fill, const dp_tensor *in,
                   const dp_tensor *out)
{
    const double *m = back->m;
    const source s = {in->data, in->shape[0], in->shape[1], in->rank == 3 ? in->shape[2] : 1, fill};
    const int64_t half = linear ? POSITION / FRACTIONS / 2 : POSITION / 2;
    uint8_t *dst = out->data;

    for (int64_t y = 0; y < out->shape[0]; y++) {
        const int64_t row_x = rounded((m[1] * (double)y + m[2]) * POSITION) + half;
        const int64_t row_y = rounded((m[4] * (double)y + m[5]) * POSITION) + half;
        for (int64_t x = 0; x < out->shape[1]; x++) {
            const int64_t at_x = row_x + rounded(m[0] * (double)x * POSITION);
            const int64_t at_y = row_y + rounded(m[3] * (double)x * POSITION);
            for (int64_t c = 0; c < s.channels; c++)
                *dst++ = linear ? mixed(&s, at_y >> 5, at_x >> 5, c)
                                : (uint8_t)value_at(&s, at_y >> 10, at_x >> 10, c);
        }
    }
}
