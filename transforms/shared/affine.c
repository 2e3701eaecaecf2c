/* affine.c - images turned, moved and scaled, for the stages that do so
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/affine.h"

#include "base/number/num.h"

#define POSITION  1024 /* of a pixel; OpenCV's AB_SCALE */
#define FRACTIONS 32   /* of a pixel, when pixels are mixed */

/* hi + lo, |lo| at most half a unit of hi's last place: 106 bits, so that what is rounded to a
 * double at the end is nearly always the nearest one, as a C library's sine is. */
typedef struct pair {
    double hi, lo;
} pair;

static pair sum_of(double a, double b) /* exact; |a| >= |b|, or a = 0 */
{
    const double hi = a + b;
    return (pair){hi, b - (hi - a)};
}

static pair add(pair a, pair b)
{
    const pair s = sum_of(a.hi, b.hi);
    return sum_of(s.hi, s.lo + a.lo + b.lo);
}

static pair product(double a, double b) /* exact: halves of 26 bits (Dekker 1971) */
{
    const double ca = a * 0x8000001p0, cb = b * 0x8000001p0;
    const double ha = ca - (ca - a), la = a - ha, hb = cb - (cb - b), lb = b - hb, hi = a * b;

    return (pair){hi, ((ha * hb - hi) + ha * lb + la * hb) + la * lb};
}

static pair multiply(pair a, pair b)
{
    const pair p = product(a.hi, b.hi);
    return sum_of(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static pair divide(pair a, double n)
{
    const double q = a.hi / n;
    const pair back = product(q, n);

    return sum_of(q, ((a.hi - back.hi) - back.lo + a.lo) / n);
}

/* Taylor's series at |x| <= pi/4: first - first x^2 / n(n+1) + .., 12 terms. */
static double series(pair first, pair square, int n)
{
    pair term = first, sum = first;

    for (int k = n; k < n + 22; k += 2) {
        term = divide(multiply(term, square), -(double)(k * (k + 1)));
        sum = add(sum, term);
    }
    return sum.hi;
}

void dp_sincos(double radians, double *sine, double *cosine)
{
    /* pi/2 in parts of 33 bits, whose products with a quarter are exact */
    const double q = dp_round_even(radians * 0x1.45f306dc9c883p-1);
    const double near = radians - q * 0x1.921fb544p0, part = q * 0x1.0b4611a6p-34,
                 rest = q * 0x1.3198a2e037073p-69;
    const double hi = near - part;
    const pair x = sum_of(hi, ((near - hi) - part) - rest), square = multiply(x, x);
    const double s = series(x, square, 2), c = series((pair){1, 0}, square, 1);

    switch ((int64_t)q & 3) {
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

    dp_sincos((double)(float)degrees * (DP_PI / 180), &sine, &cosine);
    alpha = cosine * scale;
    beta = sine * scale;
    forward = (dp_affine){{alpha, beta, (1 - alpha) * center_x - beta * center_y + dx, -beta, alpha,
                           beta * center_x + (1 - alpha) * center_y + dy}};
    return dp_affine_inverse(&forward);
}

/* glibc's sinf and cosf (2.28 and later), whose last bit is not always the nearest: what is left of
 * whole quarters goes through the polynomials of Arm's Optimized Routines, which glibc has. */
static double near_sine(double x)
{
    const double x2 = x * x, x3 = x * x2;

    return x + x3 * -0x1.555545995a603p-3 +
           x3 * x2 * (0x1.1107605230bc4p-7 + x2 * -0x1.994eb3774cf24p-13);
}

static double near_cosine(double x)
{
    const double x2 = x * x, x4 = x2 * x2;

    return 1 + x2 * -0x1.ffffffd0c621cp-2 + x4 * 0x1.55553e1068f19p-5 +
           x4 * x2 * (-0x1.6c087e89a359dp-10 + x2 * 0x1.99343027bf8c3p-16);
}

/* An angle of floats, as float functions have it. */
typedef struct angle {
    float radians, sine, cosine, tangent;
} angle;

static angle angle_of(float radians, bool glibc)
{
    const int32_t q = (int32_t)dp_round_even((double)radians * 0x1.45f306dc9c883p-1);
    const double x = (double)radians - q * (DP_PI / 2);
    double sine, cosine;
    float tangent;

    dp_sincos((double)radians, &sine, &cosine);
    tangent = (float)(sine / cosine);
    if (glibc) {
        sine = q % 2 == 0 ? near_sine(x) : near_cosine(x);
        cosine = q % 2 == 0 ? near_cosine(x) : near_sine(x);
        sine = (q & 2) != 0 ? -sine : sine;
        cosine = ((q + 1) & 2) != 0 ? -cosine : cosine;
    }
    return (angle){radians, (float)sine, (float)cosine, tangent};
}

static float radians_of(double degrees) { return (float)((double)(float)degrees * DP_PI / 180); }

dp_affine dp_affine_moved(const dp_affine_move *v, int64_t height, int64_t width)
{
    const float x = (float)(width - 1) / 2.0f, y = (float)(height - 1) / 2.0f;
    const float scale = (float)v->scale;
    const angle turn = angle_of(radians_of(v->degrees), v->glibc);
    const angle across = angle_of(radians_of(v->shear[0]), v->glibc);
    const angle down = angle_of(radians_of(-v->shear[1]), v->glibc);
    const angle both = angle_of(turn.radians + down.radians, v->glibc);
    const float a = scale * both.cosine / down.cosine, c = scale * both.sine / down.cosine;
    const float b = scale * (-both.cosine * across.tangent / down.cosine - turn.sine);
    const float d = scale * (-both.sine * across.tangent / down.cosine + turn.cosine);
    const float right = (1 - a) * x - b * y + (float)v->shift[0];
    const float low = (1 - d) * y - c * x + (float)v->shift[1];

    return dp_affine_inverse(
        &(dp_affine){{(double)a, (double)b, (double)right, (double)c, (double)d, (double)low}});
}

/* Round half to even, saturated. */
static int64_t rounded(double v)
{
    if (!(v > -0x1p31 && v < 0x1p31))
        return v > 0 ? INT32_MAX : INT32_MIN;
    return (int64_t)dp_round_even(v);
}

typedef struct source {
    const uint8_t *pixels;
    int64_t height, width, channels;
    const dp_ints *fill;
} source;

/* Outside, every fourth channel is 0: the library's pixel has four values, of which three are set.
 */
static int value_at(const source *s, int64_t y, int64_t x, int64_t c)
{
    if (y < 0 || y >= s->height || x < 0 || x >= s->width)
        return c % 4 == 3 ? 0 : (int)s->fill->v[s->fill->n == 3 ? c % 4 : 0];
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
