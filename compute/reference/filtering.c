/* filtering.c - minimal filtering in scalar C: the numeric specification (docs/numerics.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tile by tile and channel by channel, every transform made anew.
 */
#include "base/number/num.h"
#include "compute/reference/reference.h"

#define SIDE     7  /* of the products of a tile, at most */
#define CHANNELS 32 /* of a chain */

/* ---- the functions of a line, for 2 outputs of 3 weights ---- */

static void data(const float *x, float *y)
{
    y[0] = x[0] - x[2];
    y[1] = x[1] + x[2];
    y[2] = x[2] - x[1];
    y[3] = x[1] - x[3];
}

static void weight(const float *x, float *y)
{
    y[0] = x[0];
    y[1] = ((x[0] + x[2]) + x[1]) * 0.5f;
    y[2] = ((x[0] + x[2]) - x[1]) * 0.5f;
    y[3] = x[2];
}

static void output(const float *x, float *y)
{
    y[0] = (x[0] + x[1]) + x[2];
    y[1] = (x[1] - x[2]) - x[3];
}

static void output_gradient(const float *x, float *y)
{
    y[0] = x[0];
    y[1] = x[0] + x[1];
    y[2] = x[0] - x[1];
    y[3] = x[1];
}

static void weight_gradient(const float *x, float *y)
{
    y[0] = x[0] + (x[1] + x[2]) * 0.5f;
    y[1] = (x[1] - x[2]) * 0.5f;
    y[2] = (x[1] + x[2]) * 0.5f - x[3];
}

/* ---- for 2 outputs of 5 weights: 3 of them as above, and 2 ---- */

static void data7(const float *x, float *y)
{
    data(x, y);
    y[4] = x[3] - x[4];
    y[5] = x[4];
    y[6] = x[5] - x[4];
}

static void weight7(const float *x, float *y)
{
    weight(x, y);
    y[4] = x[3];
    y[5] = x[3] + x[4];
    y[6] = x[4];
}

static void output7(const float *x, float *y)
{
    output(x, y);
    y[0] += x[4] + x[5];
    y[1] += x[5] + x[6];
}

/* ---- and for the points 0, p, -p, q, -q and infinity, p = 3/4, q = 3/2 ---- */

#define P  0.75f
#define P2 0.5625f
#define P3 0.421875f
#define P4 0.31640625f
#define Q  1.5f
#define Q2 2.25f
#define Q3 3.375f
#define Q4 5.0625f

static void data6(const float *x, float *y)
{
    y[0] = dp_fma32(1.265625f, x[0], dp_fma32(-2.8125f, x[2], x[4]));
    y[1] = dp_fma32(P, dp_fma32(-Q2, x[1], x[3]), dp_fma32(-Q2, x[2], x[4]));
    y[2] = dp_fma32(-P, dp_fma32(-Q2, x[1], x[3]), dp_fma32(-Q2, x[2], x[4]));
    y[3] = dp_fma32(Q, dp_fma32(-P2, x[1], x[3]), dp_fma32(-P2, x[2], x[4]));
    y[4] = dp_fma32(-Q, dp_fma32(-P2, x[1], x[3]), dp_fma32(-P2, x[2], x[4]));
    y[5] = dp_fma32(1.265625f, x[1], dp_fma32(-2.8125f, x[3], x[5]));
}

/* x0 + z x1 + z^2 x2 + ... of n numbers: those of even places and those of odd ones by Horner. */
static float value(int n, const float *x, float z, float z2)
{
    const float even = n > 4   ? dp_fma32(z2, dp_fma32(z2, x[4], x[2]), x[0])
                       : n > 2 ? dp_fma32(z2, x[2], x[0])
                               : x[0];
    const float odd = n > 3 ? dp_fma32(z2, x[3], x[1]) : x[1];
    return dp_fma32(z, odd, even);
}

static void values(int n, const float *x, float *y)
{
    y[0] = x[0];
    y[1] = value(n, x, P, P2);
    y[2] = value(n, x, -P, P2);
    y[3] = value(n, x, Q, Q2);
    y[4] = value(n, x, -Q, Q2);
    y[5] = x[n - 1];
}

static void sums(int n, const float *x, float *y)
{
    static const float p[] = {1, P, P2, P3, P4}, q[] = {1, Q, Q2, Q3, Q4};
    y[0] = (x[0] + (x[1] + x[2])) + (x[3] + x[4]);
    for (int j = 1; j < n; j++) {
        const float near = j % 2 == 0 ? x[1] + x[2] : x[1] - x[2],
                    far = j % 2 == 0 ? x[3] + x[4] : x[3] - x[4];
        y[j] = dp_fma32(q[j], far, j < n - 1 ? p[j] * near : dp_fma32(p[j], near, x[5]));
    }
}

/* Times 64/81, -128/243 twice, 32/243 twice, each rounded to a float, and 1. */
static void scale(const float *x, float *y)
{
    y[0] = x[0] * (64.0f / 81.0f);
    y[1] = x[1] * (-128.0f / 243.0f);
    y[2] = x[2] * (-128.0f / 243.0f);
    y[3] = x[3] * (32.0f / 243.0f);
    y[4] = x[4] * (32.0f / 243.0f);
    y[5] = x[5];
}

static void output2(const float *x, float *y) { sums(2, x, y); }
static void output4(const float *x, float *y) { sums(4, x, y); }
static void output_gradient2(const float *x, float *y) { values(2, x, y); }
static void output_gradient4(const float *x, float *y) { values(4, x, y); }

static void weights(int n, const float *x, float *y)
{
    float at[6];
    values(n, x, at);
    scale(at, y);
}

static void weights_gradient(int n, const float *x, float *y)
{
    float at[6];
    scale(x, at);
    sums(n, at, y);
}

static void weight3(const float *x, float *y) { weights(3, x, y); }
static void weight5(const float *x, float *y) { weights(5, x, y); }
static void weight_gradient3(const float *x, float *y) { weights_gradient(3, x, y); }
static void weight_gradient5(const float *x, float *y) { weights_gradient(5, x, y); }

/* ---- tiles ---- */

typedef struct method {
    int m, r, a;
    void (*data)(const float *, float *), (*weight)(const float *, float *),
        (*output)(const float *, float *), (*output_gradient)(const float *, float *),
        (*weight_gradient)(const float *, float *);
} method;

static const method methods[] = {
    {2, 3, 4, data, weight, output, output_gradient, weight_gradient},
    {2, 5, 6, data6, weight5, output2, output_gradient2, weight_gradient5},
    {4, 3, 6, data6, weight3, output4, output_gradient4, weight_gradient3},
};

/* Of the gradient of the input. */
static const method turned5 = {2, 5, 7, data7, weight7, output7, NULL, NULL};

static const method *method_of(const dp_conv *c)
{
    const method *m = methods;
    while (m->m != c->tile || m->r != c->kh)
        m++;
    return m;
}

/* in is p x p, out q x q: the columns first, then the rows. */
static void square(void (*line)(const float *, float *), int p, int q, const float *in, float *out)
{
    float half[SIDE * SIDE], x[SIDE], y[SIDE];
    for (int s = 0; s < p; s++) {
        for (int r = 0; r < p; r++)
            x[r] = in[r * p + s];
        line(x, y);
        for (int r = 0; r < q; r++)
            half[r * p + s] = y[r];
    }
    for (int r = 0; r < q; r++)
        line(half + r * p, out + r * q);
}

/* Images [n][height][width][channels]; +0 outside. */
typedef struct images {
    const float *v;
    int64_t height, width, channels;
} images;

static float at(const images *i, int64_t n, int64_t h, int64_t w, int64_t channel)
{
    if (h < 0 || h >= i->height || w < 0 || w >= i->width)
        return 0.0f;
    return i->v[((n * i->height + h) * i->width + w) * i->channels + channel];
}

static void patch(const images *i, int64_t n, int64_t h, int64_t w, int64_t channel, int side,
                  float *out)
{
    for (int64_t r = 0; r < side; r++)
        for (int64_t s = 0; s < side; s++)
            *out++ = at(i, n, h + r, w + s, channel);
}

/* A filter over images: of each group n_in channels to n_out.  turned: the gradient of the input.
 */
typedef struct filter {
    const dp_conv *c;
    const method *m;
    images in;
    const float *w;
    int64_t top, left, n_in, n_out, height, width; /* of the output */
    int turned;
} filter;

/* The taps from input channel k to output channel o of a group, turned round where that is asked
 * for. */
static void taps(const filter *f, int64_t group, int64_t o, int64_t k, float *out)
{
    const int64_t n = (int64_t)f->m->r * f->m->r, ic = f->c->ic / f->c->groups,
                  oc = f->c->oc / f->c->groups;
    const float *w = f->w + ((group * oc + (f->turned ? k : o)) * ic + (f->turned ? o : k)) * n;
    for (int64_t i = 0; i < n; i++)
        out[i] = w[f->turned ? n - 1 - i : i];
}

/* The m x m outputs of a tile in channel o of a group: a x a sums of CHAINs over the channels. */
static void tile(const filter *f, int64_t n, int64_t h, int64_t w, int64_t group, int64_t o,
                 float *out)
{
    const method *m = f->m;
    float sum[SIDE * SIDE], acc[SIDE * SIDE] = {0};
    float in[SIDE * SIDE], v[SIDE * SIDE], u[SIDE * SIDE];
    for (int64_t k = 0; k < f->n_in; k++) {
        patch(&f->in, n, h - f->top, w - f->left, group * f->n_in + k, m->m + m->r - 1, in);
        square(m->data, m->m + m->r - 1, m->a, in, v);
        taps(f, group, o, k, in);
        square(m->weight, m->r, m->a, in, u);
        for (int i = 0; i < m->a * m->a; i++)
            acc[i] = dp_fma32(v[i], u[i], acc[i]);
        if ((k + 1) % CHANNELS != 0 && k + 1 < f->n_in)
            continue;
        for (int i = 0; i < m->a * m->a; i++) {
            sum[i] = k < CHANNELS ? acc[i] : sum[i] + acc[i];
            acc[i] = 0.0f;
        }
    }
    square(m->output, m->a, m->m, sum, out);
}

static void run(const filter *f, int64_t n, float *dst)
{
    const int64_t m = f->m->m, all = f->c->groups * f->n_out;
    float out[SIDE * SIDE];
    for (int64_t i = 0; i < n; i++)
        for (int64_t h = 0; h < f->height; h += m)
            for (int64_t w = 0; w < f->width; w += m)
                for (int64_t o = 0; o < all; o++) {
                    tile(f, i, h, w, o / f->n_out, o % f->n_out, out);
                    for (int64_t r = 0; r < m && h + r < f->height; r++)
                        for (int64_t s = 0; s < m && w + s < f->width; s++)
                            dst[((i * f->height + h + r) * f->width + w + s) * all + o] =
                                out[r * m + s];
                }
}

void dp_ref_filtering_forward(const dp_conv *c, int64_t n, const float *x, const float *w, float *y)
{
    const filter f = {c,
                      method_of(c),
                      {x, c->height, c->width, c->ic},
                      w,
                      c->top,
                      c->left,
                      c->ic / c->groups,
                      c->oc / c->groups,
                      c->oh,
                      c->ow,
                      0};
    run(&f, n, y);
}

void dp_ref_filtering_input_gradient(const dp_conv *c, int64_t n, const float *dy, const float *w,
                                     float *dx)
{
    const filter f = {c,
                      c->kh == 5 ? &turned5 : method_of(c),
                      {dy, c->oh, c->ow, c->oc},
                      w,
                      c->kh - 1 - c->top,
                      c->kw - 1 - c->left,
                      c->oc / c->groups,
                      c->ic / c->groups,
                      c->height,
                      c->width,
                      1};
    run(&f, n, dx);
}

/* The r x r taps of one pair of channels, of the samples first .. last - 1: a x a CHAINs over
 * (n, tile row, tile column). */
static void leaf_gradient(const dp_conv *c, const images *x, const images *dy, int64_t ic,
                          int64_t oc, const int64_t samples[2], float *out)
{
    const method *m = method_of(c);
    float acc[SIDE * SIDE] = {0}, in[SIDE * SIDE], v[SIDE * SIDE], z[SIDE * SIDE];
    for (int64_t n = samples[0]; n < samples[1]; n++)
        for (int64_t h = 0; h < c->oh; h += m->m)
            for (int64_t w = 0; w < c->ow; w += m->m) {
                patch(x, n, h - c->top, w - c->left, ic, m->a, in);
                square(m->data, m->a, m->a, in, v);
                patch(dy, n, h, w, oc, m->m, in);
                square(m->output_gradient, m->m, m->a, in, z);
                for (int i = 0; i < m->a * m->a; i++)
                    acc[i] = dp_fma32(v[i], z[i], acc[i]);
            }
    square(m->weight_gradient, m->a, m->r, acc, out);
}

void dp_ref_filtering_weight_gradient(const dp_conv *c, int64_t n, int64_t leaf, const float *x,
                                      const float *dy, float *dw, float *partial)
{
    const images from = {x, c->height, c->width, c->ic}, to = {dy, c->oh, c->ow, c->oc};
    const int64_t ic = c->ic / c->groups, oc = c->oc / c->groups, leaves = (n + leaf - 1) / leaf;
    float out[SIDE * SIDE];
    for (int64_t o = 0; o < c->oc; o++)
        for (int64_t i = 0; i < ic; i++) {
            for (int64_t l = 0; l < leaves; l++) {
                const int64_t samples[] = {l * leaf, (l + 1) * leaf < n ? (l + 1) * leaf : n};
                leaf_gradient(c, &from, &to, o / oc * ic + i, o, samples, out);
                for (int64_t t = 0; t < c->kh * c->kw; t++)
                    partial[t * leaves + l] = out[t];
            }
            for (int64_t t = 0; t < c->kh * c->kw; t++)
                *dw++ = dp_ref_tree32(partial + t * leaves, leaves);
        }
}
