/* torch_defaults.c - the weights that PyTorch's modules begin with, and those of torch.nn.init,
 * replayed (2.7 to 2.15, a CPU with AVX2)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  The modules draw from one mt19937, in the order in which they are made.  Where
 * there are 16 numbers or more, normal_ is the logarithm, sine and cosine of Cephes (Moshier) in
 * binary32, a fused multiply-add wherever a compiler for AVX2 made one of a product and a sum.
 */
#include "libraries/torch_defaults.h"

#include <math.h>
#include <string.h>

#include "base/number/num.h"
#include "libraries/cells.h"

#define PI 0x1.921fb54442d18p1

/* ---- numbers ---- */

/* The low 24 bits of a word. */
static float fraction(dp_torch_generator *g)
{
    return (float)(dp_mt19937_u32(&g->words) & 0xFFFFFF) * 0x1p-24f;
}

/* The low 53 bits of two words, the first one being the high one. */
static double wide_fraction(dp_torch_generator *g)
{
    const uint64_t high = (uint64_t)(dp_mt19937_u32(&g->words) & 0x1FFFFF) << 32;

    return (double)(high | dp_mt19937_u32(&g->words)) * 0x1p-53;
}

static float uniform(void *g, double bound)
{
    const float low = (float)-bound;

    return dp_fma32(fraction(g), (float)bound - low, low);
}

/* Of a pair, the second one is kept for whoever asks next. */
static double wide_normal(dp_torch_generator *g)
{
    double angle, radius;

    g->has_normal = !g->has_normal;
    if (!g->has_normal)
        return g->normal;
    angle = 2 * PI * wide_fraction(g);
    radius = sqrt(-2 * dp_log_d(1 - wide_fraction(g)));
    g->normal = radius * dp_sin_d(angle);
    return radius * dp_cos_d(angle);
}

/* c[0] x^(n - 1) + ... + c[n - 1]. */
static float polynomial(const float *c, int n, float x)
{
    float y = c[0];

    for (int i = 1; i < n; i++)
        y = dp_fma32(y, x, c[i]);
    return y;
}

/* 2^-24 <= v <= 1. */
static float log_of(float v)
{
    static const float C[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
    float m = dp_f32_from((dp_f32_bits(v) & 0x7FFFFFu) | 0x3F000000u);
    const bool small = m < 0.707106781186547524f;
    const float e = (float)((int32_t)(dp_f32_bits(v) >> 23) - 126 - small);
    float square, y;

    m = small ? m - 1 + m : m - 1;
    square = m * m;
    y = dp_fma32(polynomial(C, 9, m) * m, square, e * -2.12194440e-4f);
    return dp_fma32(e, 0.693359375f, m + dp_fma32(-square, 0.5f, y));
}

/* 0 <= v <= 2 pi. */
static void sine_and_cosine(float v, float *sine, float *cosine)
{
    static const float S[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
    static const float C[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
    const int32_t octant = ((int32_t)(v * 1.27323954473516f) + 1) & ~1;
    const float k = (float)octant;
    float x = dp_fma32(k, -0.78515625f, v), square, s, c;

    x = dp_fma32(k, -2.4187564849853515625e-4f, x);
    x = dp_fma32(k, -3.77489497744594108e-8f, x);
    square = x * x;
    c = dp_fma32(polynomial(C, 3, square) * square, square, -(square * 0.5f)) + 1;
    s = dp_fma32(polynomial(S, 3, square) * square, x, x);
    *sine = octant & 2 ? c : s;
    *cosine = octant & 2 ? s : c;
    if (octant & 4)
        *sine = -*sine;
    if (((octant + 2) & 4) != 0)
        *cosine = -*cosine;
}

/* 16 fractions become normal numbers: 8 radii and 8 angles. */
static void make_normal(float v[16], float sigma, float mean)
{
    for (int i = 0; i < 8; i++) {
        const float radius = dp_sqrt32(-2 * log_of(1 - v[i]));
        float sine, cosine;
        sine_and_cosine((float)(2 * PI) * v[i + 8], &sine, &cosine);
        v[i] = dp_fma32(radius * cosine, sigma, mean);
        v[i + 8] = dp_fma32(radius * sine, sigma, mean);
    }
}

/* The last 16 are drawn anew where n is not a multiple of 16. */
static void normal(dp_torch_generator *g, double sigma, double mean, int64_t n, float *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = n < 16 ? (float)(wide_normal(g) * sigma + mean) : fraction(g);
    for (int64_t i = 0; i + 16 <= n; i += 16)
        make_normal(out + i, (float)sigma, (float)mean);
    if (n < 16 || n % 16 == 0)
        return;
    for (int64_t i = n - 16; i < n; i++)
        out[i] = fraction(g);
    make_normal(out + n - 16, (float)sigma, (float)mean);
}

/* ---- parameters ---- */

/* kaiming_uniform_ with a = sqrt(5); of a bias, 1 / sqrt(fan_in). */
static void draw_matrix(dp_torch_generator *g, const dp_default_part *p, float *out)
{
    const double slope = sqrt(5.0), fan = sqrt((double)p->fan_in);
    const double bound = p->is_bias ? 1 / fan : sqrt(3.0) * (sqrt(2.0 / (1 + slope * slope)) / fan);

    for (int64_t i = 0; i < p->rows * p->columns; i++)
        out[i] = uniform(g, bound);
}

static void draw_table(dp_torch_generator *g, const dp_default_part *p, float *out)
{
    normal(g, 1, 0, p->rows * p->columns, out);
}

static void draw_gru(dp_torch_generator *g, const dp_default_part *p, float *out)
{
    dp_draw_gru(p, uniform, g, out);
}

static void draw_lstm(dp_torch_generator *g, const dp_default_part *p, float *out)
{
    dp_draw_lstm(p, uniform, g, out);
}

typedef struct module {
    const char *layer;
    void (*draw)(dp_torch_generator *, const dp_default_part *, float *out);
} module;

static const module modules[] = {
    {"conv2d", draw_matrix},
    {"conv2d_transpose", draw_matrix},
    {"dense", draw_matrix},
    {"embedding", draw_table},
    {"lstm", draw_lstm},
    {"gru", draw_gru},
    {NULL, NULL},
};

static const module *module_of(const char *layer)
{
    const module *m = modules;

    while (m->layer != NULL && strcmp(m->layer, layer) != 0)
        m++;
    return m;
}

static bool has(const char *layer) { return module_of(layer)->layer != NULL; }

static void begin(void *g, uint64_t seed)
{
    dp_mt19937_seed(&((dp_torch_generator *)g)->words, (uint32_t)seed);
    ((dp_torch_generator *)g)->has_normal = false;
}

static void draw(void *g, const dp_default_part *p, float *out)
{
    module_of(p->layer)->draw(g, p, out);
}

const dp_defaults dp_torch_defaults = {.begin = begin, .has = has, .always = true, .draw = draw};

/* ---- torch.nn.init ---- */

static void fill_uniform(const dp_init_source *source, double bound, int64_t first, int64_t n,
                         float *out)
{
    (void)first;
    for (int64_t i = 0; i < n; i++)
        out[i] = uniform(source->generator, bound);
}

static void fill_normal(const dp_init_source *source, double sigma, double mean, int64_t first,
                        int64_t n, float *out)
{
    (void)first;
    normal(source->generator, sigma, mean, n, out);
}

/* The matrices of a cell lie otherwise. */
static bool lies_so(const char *layer)
{
    const module *m = module_of(layer);

    return m->draw == draw_matrix || m->draw == draw_table;
}

const dp_weights dp_torch_weights = {.uniform = fill_uniform,
                                     .normal = fill_normal,
                                     .in_turn = true,
                                     .has = lies_so,
                                     .wide_xavier = true,
                                     .no_fans_of_biases = true};
