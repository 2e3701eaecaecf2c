/* std_random.c - the distributions of libstdc++ (GCC 10 and older) over mt19937
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/std_random.h"

#include "base/number/num.h"
#include "base/random/ahead.h"

uint32_t dp_std_uniform_int(dp_mt19937 *g, uint32_t most)
{
    uint32_t scaling, limit, x;

    if (most == UINT32_MAX)
        return dp_mt19937_u32(g);
    scaling = UINT32_MAX / (most + 1);
    limit = (most + 1) * scaling;
    do
        x = dp_mt19937_u32(g);
    while (x >= limit);
    return x / scaling;
}

double dp_std_canonical(dp_mt19937 *g)
{
    const double low = dp_mt19937_u32(g), high = dp_mt19937_u32(g);
    const double r = (low + high * 0x1p32) * 0x1p-64;

    return r < 1 ? r : 0x1.fffffffffffffp-1;
}

float dp_std_canonical_float(dp_mt19937 *g)
{
    const float r = (float)dp_mt19937_u32(g) * 0x1p-32f;

    return r < 1 ? r : 0x1.fffffep-1f;
}

bool dp_std_bernoulli(dp_mt19937 *g, double p) { return dp_std_canonical(g) < p; }

/* glibc's logf and powf (2.28 and later), whose last bit is not always the nearest: a number is
 * 2^k z, z near one of 16 centers c, of which 1/c stands here; of z/c - 1 a polynomial.  The
 * polynomials are those of Arm's Optimized Routines, which glibc has. */
static const float inverse[16] = {
    1.3989072f, 1.3403141f, 1.2864323f, 1.2367151f, 1.1906977f, 1.1479821f, 1.1082251f, 1.0711298f,
    1.0364373f, 1.0f,       0.949286f,  0.8951049f, 0.8476822f, 0.8050315f, 0.7664671f, 0.7314286f};

/* z/c - 1; the logarithm of 2^k c is added to its own. */
static double split(float x, double *of_center, double *k)
{
    const uint32_t u = dp_f32_bits(x), above = u - 0x3F330000u, exponent = above & 0xFF800000u;
    const double inverse_of = (double)inverse[above >> 19 & 15];

    *of_center = -dp_log_d(inverse_of);
    *k = exponent < 0x80000000u ? exponent >> 23 : (double)(exponent >> 23) - 512;
    return (double)dp_f32_from(u - exponent) * inverse_of - 1;
}

#define LN_2 0x1.62e42fefa39efp-1

static float log_of(float x)
{
    double center, k;
    const double r = split(x, &center, &k), r2 = r * r;
    const double p = -0.25089342214237154 * r2 + (0.333456765744066 * r - 0.4999997485802103);

    return (float)(p * r2 + (center + k * LN_2 + r));
}

/* 0 < x < 1 < y */
static float power_of(float x, float y)
{
    double center, k, z, r, e;
    const double q = split(x, &center, &k), q2 = q * q;

    z = 1.4426950408774342 * q + (center / LN_2 + k);
    z = (0.480898481472577 * q - 0.7213474675006291) * q2 + z;
    z = (0.288457581109214 * q - 0.36092606229713164) * (q2 * q2) + z;
    z *= (double)y;
    if (z < -150)
        return 0;
    k = dp_round_even(z * 32);
    r = z - k / 32;
    e = 0.05550361559341535 * r + 0.2402284522445722;
    return (float)((e * (r * r) + (0.6931471806916203 * r + 1)) * dp_exp_d(k / 32 * LN_2));
}

/* Marsaglia's polar method, as libstdc++ has it: x is what the next call returns. */
static float normal(dp_std_gamma *d, dp_mt19937 *g)
{
    float x, y, square, scale;

    d->has_kept = !d->has_kept;
    if (!d->has_kept)
        return d->kept;
    do {
        x = 2 * dp_std_canonical_float(g) - 1;
        y = 2 * dp_std_canonical_float(g) - 1;
        square = x * x + y * y;
    } while (square > 1 || square == 0);
    scale = dp_sqrt32(-2 * log_of(square) / square);
    d->kept = x * scale;
    return y * scale;
}

/* Marsaglia and Tsang: some steps are float there, some double. */
float dp_std_gamma_next(dp_std_gamma *d, dp_mt19937 *g)
{
    const float alpha = d->alpha < 1 ? d->alpha + 1 : d->alpha, a1 = alpha - 1.0f / 3.0f,
                a2 = 1 / dp_sqrt32(9 * a1);
    float n, u, v;
    double wide;

    do {
        do {
            n = normal(d, g);
            v = 1 + a2 * n;
        } while (v <= 0);
        v = v * v * v;
        u = dp_std_canonical_float(g);
        wide = n;
    } while ((double)u > 1 - 0.0331 * wide * wide * wide * wide && u > 0 &&
             (double)log_of(u) >
                 0.5 * wide * wide + (double)a1 * (1 - (double)v + (double)log_of(v)));
    if (d->alpha >= 1)
        return a1 * v;
    do
        u = dp_std_canonical_float(g);
    while (u == 0);
    return power_of(u, 1 / d->alpha) * a1 * v;
}

/* Two choices a draw. */
uint64_t dp_std_sample(uint32_t n, uint32_t k, dp_mt19937 *g)
{
    uint64_t chosen = 0;

    for (uint32_t i = 0, left = k < n ? k : n; left > 0; i += 2) {
        const uint32_t rest = n - i, others = rest > 1 ? rest - 1 : 1;
        const uint32_t x = dp_std_uniform_int(g, rest * others - 1);
        if (x / others < left) {
            chosen |= (uint64_t)1 << i;
            left--;
        }
        if (x % others < left) {
            chosen |= (uint64_t)1 << (i + 1);
            left--;
        }
    }
    return chosen;
}

typedef struct shuffling {
    dp_std_swap *swap;
    void *v;
    uint32_t n;
    dp_mt19937 *g;
    const uint32_t *words; /* v, of which there may be many; NULL = elements are no words */
} shuffling;

/* Places for elements 1, 2, ..: of an even number the first one alone, then two a draw. */
DP_COMPILED uint32_t draw_pairs(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const shuffling *s = work;

    if (s->n % 2 == 0 && done == 0) {
        at[0] = dp_std_uniform_int(s->g, 1);
        return 1;
    }
    for (uint32_t k = 0, i = done + 1; k < most; k += 2, i += 2) {
        const uint32_t x = dp_std_uniform_int(s->g, (i + 1) * (i + 2) - 1);
        at[k] = x / (i + 2);
        at[k + 1] = x % (i + 2);
    }
    return most;
}

DP_COMPILED uint32_t draw_places(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const shuffling *s = work;

    for (uint32_t i = 0; i < most; i++) {
        at[i] = dp_std_uniform_int(s->g, done + i + 1);
        if (s->words != NULL)
            dp_fetch_row(&s->words[at[i]]);
    }
    return most;
}

DP_COMPILED void swap_all(void *work, uint32_t done, uint32_t some, const uint32_t *at)
{
    const shuffling *s = work;

    for (uint32_t i = 0; i < some; i++)
        s->swap(s->v, done + i + 1, at[i]);
}

/* Two swaps a draw, as long as a draw has room for two places. */
DP_COMPILED void shuffle(shuffling s)
{
    if (s.n < 2)
        return;
    if (UINT32_MAX / s.n >= s.n)
        dp_drawn_ahead(s.n - 1, (dp_drawn){draw_pairs, swap_all}, &s);
    else
        dp_drawn_ahead(s.n - 1, (dp_drawn){draw_places, swap_all}, &s);
}

void dp_std_shuffle_by(dp_std_swap *swap, void *v, uint32_t n, dp_mt19937 *g)
{
    shuffle((shuffling){swap, v, n, g, NULL});
}

DP_COMPILED void swap_words(void *words, uint32_t i, uint32_t j)
{
    uint32_t *v = words;
    const uint32_t kept = v[i];

    v[i] = v[j];
    v[j] = kept;
}

void dp_std_shuffle(uint32_t *v, uint32_t n, dp_mt19937 *g)
{
    shuffle((shuffling){swap_words, v, n, g, v});
}
