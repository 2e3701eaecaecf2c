/* mindspore_init.c - the initial weights of MindSpore 2.10.0, replayed
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md.  Each parameter takes one 63-bit seed from numpy's Mersenne Twister in the
 * order of construction; its elements are words of Philox keyed and placed by that seed.  The
 * normal quantile is Boost's erfc_inv (John Maddock) in binary64, with the constants rounded to
 * float32 where the library has them so.
 */
#include <math.h>
#include <string.h>

#include "base/number/num.h"
#include "base/random/mt19937.h"
#include "libraries/cells.h"
#include "libraries/distributions.h"
#include "libraries/mindspore_init.h"

#define SQRT2_F  0x1.6a09e6p0 /* 1.4142135f */
#define TWO_PI_F 0x1.921fb4p2 /* 2 * 3.1415926f */

/* numpy.random.randint(1, 2^63). */
static uint64_t next_seed(void *g)
{
    uint64_t v;

    do {
        v = (uint64_t)dp_mt19937_u32(g) << 32;
        v = (v | dp_mt19937_u32(g)) & INT64_MAX;
    } while (v > (uint64_t)INT64_MAX - 1);
    return v + 1;
}

/* Word `element` of the parameter's stream; words holds its group of four, which the first of them
 * fills. */
static uint32_t word(uint64_t seed, uint64_t element, uint32_t words[4])
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint64_t block = element / 4;
    const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), key[0], key[1]};

    if (element % 4 == 0)
        dp_philox4x32_10(counter, key, words);
    return words[element % 4];
}

static double fraction(uint64_t seed, uint64_t element, uint32_t words[4])
{
    return word(seed, element, words) / 0x1p32;
}

/* The low 23 bits of it; never 0. */
static double low_fraction(uint64_t seed, uint64_t element, uint32_t words[4])
{
    const uint32_t bits = word(seed, element, words) & 0x7FFFFF;

    return bits == 0 ? (double)1e-7f : bits * 0x1p-23;
}

static double erf_inv_center(double p)
{
    static const double P[] = {
        -0.000508781949658280665617, -0.00836874819741736770379, 0.0334806625409744615033,
        -0.0126926147662974029034,   -0.0365637971411762664006,  0.0219878681111168899165,
        0.00822687874676915743155,   -0.00538772965071242932965,
    };
    static const double Q[] = {
        1,
        -0.970005043303290640362,
        -1.56574558234175846809,
        1.56221558398423026363,
        0.662328840472002992063,
        -0.71228902341542847553,
        -0.0527396382340099713954,
        0.0795283687341571680018,
        -0.00233393759374190016776,
        0.000886216390456424707504,
    };
    const double g = p * (p + 10);
    return g * (double)0.0891314744949340820313f + g * (DP_HORNER(P, p) / DP_HORNER(Q, p));
}

static double erf_inv_middle(double q)
{
    static const double P[] = {
        -0.202433508355938759655, 0.105264680699391713268, 8.37050328343119927838,
        17.6447298408374015486,   -18.8510648058714251895, -44.6382324441786960818,
        17.445385985570866523,    21.1294655448340526258,  -3.67192254707729348546,
    };
    static const double Q[] = {
        1,
        6.24264124854247537712,
        3.9713437953343869095,
        -28.6608180499800029974,
        -20.1432634680485188801,
        48.5609213108739935468,
        10.8268667355460159008,
        -22.6436933413139721736,
        1.72114765761200282724,
    };
    const double g = sqrt(-2 * dp_log_d(q)), x = q - 0.25;
    return g / (2.249481201171875 + DP_HORNER(P, x) / DP_HORNER(Q, x));
}

static double erf_inv_tail(double q)
{
    static const double CP[] = {
        -0.131102781679951906451,   -0.163794047193317060787,    0.117030156341995252019,
        0.387079738972604337464,    0.337785538912035898924,     0.142869534408157156766,
        0.0290157910005329060432,   0.00214558995388805277169,   -0.679465575181126350155e-6,
        0.285225331782217055858e-7, -0.681149956853776992068e-9,
    };
    static const double CQ[] = {
        1,
        3.46625407242567245975,
        5.38168345707006855425,
        4.77846592945843778382,
        2.59301921623620271374,
        0.848854343457902036425,
        0.152264338295331783612,
        0.01105924229346489121,
    };
    static const double DP[] = {
        -0.0350353787183177984712,  -0.00222426529213427927281,  0.0185573306514231072324,
        0.00950804701325919603619,  0.00187123492819559233345,   0.000157544617424960554631,
        0.460469890584317994083e-5, -0.230404776911882601748e-9, 0.266339227425782031962e-11,
    };
    static const double DQ[] = {
        1,
        1.3653349817554063097,
        0.762059164553623404043,
        0.220091105764131249824,
        0.0341589143670947727934,
        0.00263861676657015992959,
        0.764675292302794483503e-4,
    };
    static const double FP[] = {
        -0.0167431005076633737133,  -0.00112951438745580278863,   0.00105628862152492910091,
        0.000209386317487588078668, 0.149624783758342370182e-4,   0.449696789927706453732e-6,
        0.462596163522878599135e-8, -0.281128735628831791805e-13, 0.99055709973310326855e-16,
    };
    static const double FQ[] = {
        1,
        0.591429344886417493481,
        0.138151865749083321638,
        0.0160746087093676704695,
        0.000964011807005165528527,
        0.275335474764726041141e-4,
        0.282243172016108031869e-6,
    };
    const double t = sqrt(-dp_log_d(q));

    if (t < 3)
        return 0.807220458984375 * t + DP_HORNER(CP, t - 1.125) / DP_HORNER(CQ, t - 1.125) * t;
    if (t < 6)
        return 0.93995571136474609375 * t + DP_HORNER(DP, t - 3) / DP_HORNER(DQ, t - 3) * t;
    return 0.98362827301025390625 * t + DP_HORNER(FP, t - 6) / DP_HORNER(FQ, t - 6) * t;
}

static double quantile(double probability)
{
    double z = 2 * probability, q, value;

    if (z <= 0)
        z = 0x1p-149; /* nextafterf(0, 2) */
    if (z >= 2)
        z = 0x1.fffffep0; /* nextafterf(2, 0) */
    q = z > 1 ? 2 - z : z;
    value = 1 - q <= 0.5 ? erf_inv_center(1 - q) : q >= 0.25 ? erf_inv_middle(q) : erf_inv_tail(q);
    return (z > 1 ? value : -value) * SQRT2_F;
}

/* Series below 3, continued fraction above; past 10 nothing is left beside 1. */
static double erfc_of(double x)
{
    const double a = x < 0 ? -x : x;
    double sum = a, term = a, result;

    if (a < 3) {
        for (int n = 1; n < 120; n++) {
            term = -term * (a * a) / n;
            sum += term / (2 * n + 1);
        }
        result = 1 - sum * 0x1.20dd750429b6dp0; /* 2 / sqrt(pi) */
    } else {
        double f = 0;
        for (int n = 60; n > 0; n--)
            f = n / 2.0 / (a + f);
        result = dp_exp_d(-a * a) * 0x1.20dd750429b6dp-1 / (a + f);
    }
    return x < 0 ? 2 - result : result;
}

static bool normal_fits(const dp_truncated_normal *d)
{
    const double sigma = (double)(float)d->sigma, mean = (double)(float)d->mean;
    const double alpha = ((double)(float)d->a - mean) / sigma;
    const double beta = ((double)(float)d->b - mean) / sigma;
    const double low = erfc_of(-(alpha / SQRT2_F)) / 2, high = erfc_of(-(beta / SQRT2_F)) / 2;

    return alpha < beta && alpha < 8 && beta > -8 && low < high && quantile(low) < quantile(high);
}

static void fill_truncated_normal(const dp_init_source *source, const dp_truncated_normal *d,
                                  int64_t first, int64_t n, float *out)
{
    const double sigma = (double)(float)d->sigma, mean = (double)(float)d->mean;
    const double alpha = ((double)(float)d->a - mean) / sigma;
    const double beta = ((double)(float)d->b - mean) / sigma;
    const double low = erfc_of(-(alpha / SQRT2_F)) / 2;
    const double width = erfc_of(-(beta / SQRT2_F)) / 2 - low;
    uint32_t words[4];

    for (int64_t i = 0; i < n; i++) {
        const double u = fraction(source->seed, (uint64_t)(first + i), words);
        out[i] = (float)(mean + quantile(low + u * width) * sigma);
    }
}

static void fill_uniform(const dp_init_source *source, double bound, int64_t first, int64_t n,
                         float *out)
{
    const double low = (double)(float)-bound, high = (double)(float)bound;
    uint32_t words[4];

    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(low + fraction(source->seed, (uint64_t)(first + i), words) * (high - low));
}

/* Box and Muller (1958): pairs of radius and angle, which make pairs of numbers. */
static void fill_normal(const dp_init_source *source, double sigma, double mean, int64_t first,
                        int64_t n, float *out)
{
    const double s = (double)(float)sigma, m = (double)(float)mean;
    double radius = 0, angle = 0;
    uint32_t words[4];

    for (int64_t i = 0; i < n; i++) {
        const uint64_t element = (uint64_t)(first + i);
        if (i % 2 == 0) {
            radius = sqrt(-2 * dp_log_d(low_fraction(source->seed, element, words)));
            angle = TWO_PI_F * low_fraction(source->seed, element + 1, words);
        }
        out[i] = (float)(m + s * ((i % 2 == 0 ? dp_cos_d(angle) : dp_sin_d(angle)) * radius));
    }
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    return dp_check_seed_32(ask, "mindspore", err);
}

static void begin(void *g, uint64_t seed) { dp_mt19937_seed(g, (uint32_t)seed); }

const dp_weights dp_mindspore_weights = {
    .check = check,
    .begin = begin,
    .next = next_seed,
    .uniform = fill_uniform,
    .normal = fill_normal,
    .truncated_normal = fill_truncated_normal,
    .fits = normal_fits,
    .no_fans_of_biases = true,
};

/* ---- where nothing is said ---- */

/* HeUniform(sqrt(5)); of a bias, Uniform(1 / sqrt(fan_in)). */
static void draw_matrix(void *g, const dp_default_part *p, float *out)
{
    const dp_init_source source = {.seed = next_seed(g)};
    const double slope = sqrt(5.0), fan = sqrt((double)p->fan_in);
    const double bound = p->is_bias ? 1 / fan : sqrt(3.0) * (sqrt(2 / (1 + slope * slope)) / fan);

    fill_uniform(&source, bound, 0, p->rows * p->columns, out);
}

static void draw_table(void *g, const dp_default_part *p, float *out)
{
    const dp_init_source source = {.seed = next_seed(g)};

    fill_normal(&source, 0.01, 0, 0, p->rows * p->columns, out);
}

/* Cells are drawn by numpy.random.uniform itself: 53 bits of two words. */
static float numpy_uniform(void *g, double bound)
{
    const uint32_t high = dp_mt19937_u32(g) >> 5, low = dp_mt19937_u32(g) >> 6;

    return (float)(-bound + (bound + bound) * ((high * 0x1p26 + low) * 0x1p-53));
}

static void draw_gru(void *g, const dp_default_part *p, float *out)
{
    dp_draw_gru(p, numpy_uniform, g, out);
}

static void draw_lstm(void *g, const dp_default_part *p, float *out)
{
    dp_draw_lstm(p, numpy_uniform, g, out);
}

typedef struct drawn {
    const char *layer;
    void (*draw)(void *, const dp_default_part *, float *out);
} drawn;

static const drawn *drawn_of(const char *layer)
{
    static const drawn table[] = {{"conv2d", draw_matrix},   {"dense", draw_matrix},
                                  {"embedding", draw_table}, {"lstm", draw_lstm},
                                  {"gru", draw_gru},         {NULL, NULL}};
    const drawn *d = table;

    while (d->layer != NULL && strcmp(d->layer, layer) != 0)
        d++;
    return d;
}

static bool has(const char *layer) { return drawn_of(layer)->layer != NULL; }

static void draw(void *g, const dp_default_part *p, float *out)
{
    drawn_of(p->layer)->draw(g, p, out);
}

const dp_defaults dp_mindspore_defaults = {
    .check = check, .begin = begin, .has = has, .draw = draw};
