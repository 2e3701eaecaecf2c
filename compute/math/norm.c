/* norm.c - rows of mean 0 and variance 1, scaled and shifted, and the gradient of that
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: s1, s2 = LANE64 of a row's x and x^2; mean = s1 / M and variance =
 * max(s2 / M - mean^2, 0) in binary64, each rounded once; r = 1 / sqrt(variance + epsilon) of the
 * rounded variance in binary64, rounded once; h = (x - mean) r and y = fma(h, gamma, beta) in
 * binary32.  Backward: g = dy gamma in binary32; k1, k2 = LANE64 of g and of g h (exact), divided
 * by M, rounded once; dx = r fma(-h, k2, g - k1).
 */
#include "compute/math/norm.h"

#include "compute/sums/lanes.h"

#define SOME 512 /* numbers of a row at a time */

/* From number `at` of all rows on, `left` at most: how many lie beside each other in gamma, and
 * where. */
static int64_t scales_at(const dp_norm *m, int64_t at, int64_t left, int64_t *place)
{
    *place = at % m->scales;
    return left < m->scales - *place ? left : m->scales - *place;
}

static dp_norm_moments moments_of(const dp_norm *m, const float *x)
{
    dp_lanes sums, squares;
    double mean;

    dp_lanes_begin(&sums, m->kernels, 0.0);
    dp_lanes_begin(&squares, m->kernels, 0.0);
    dp_sum_add(&sums, x, m->row);
    dp_square_add(&squares, x, m->row);
    mean = dp_sum_end(&sums) / (double)m->row;
    return (dp_norm_moments){(float)mean,
                             (float)dp_variance_of(mean, dp_sum_end(&squares) / (double)m->row)};
}

dp_norm_moments dp_norm_row(const dp_norm *m, int64_t index, const float *x, float *y)
{
    const int64_t first = index * m->row, end = first + m->row;
    const dp_norm_moments s = moments_of(m, x + first);
    const float r = dp_reciprocal_deviation((double)s.variance, m->epsilon);

    for (int64_t i = first, n, place; i < end; i += n) {
        n = scales_at(m, i, end - i, &place);
        m->kernels->normalize_row(n, x + i, s.mean, r, m->gamma + place, m->beta + place, y + i);
    }
    return s;
}

/* A row under way, and the terms of SOME of its numbers. */
typedef struct terms {
    int64_t end;
    float mean, r;
    const float *dy, *x;
    float g[SOME], h[SOME];
} terms;

/* g and h from number i of all rows on; how many. */
static int64_t look(const dp_norm *m, terms *t, int64_t i)
{
    int64_t place;
    const int64_t n = scales_at(m, i, t->end - i < SOME ? t->end - i : SOME, &place);

    m->kernels->row_terms(n, t->dy + i, t->x + i, t->mean, t->r, m->gamma + place, t->g, t->h);
    return n;
}

void dp_norm_row_gradient(const dp_norm *m, int64_t index, float mean, float r, const float *dy,
                          const float *x, float *dx)
{
    const int64_t first = index * m->row;
    dp_lanes sums, products;
    float k1, k2;
    terms t;

    t.end = first + m->row;
    t.mean = mean, t.r = r;
    t.dy = dy, t.x = x;
    dp_lanes_begin(&sums, m->kernels, 0.0);
    dp_lanes_begin(&products, m->kernels, 0.0);
    for (int64_t i = first, n; i < t.end; i += n) {
        n = look(m, &t, i);
        dp_sum_add(&sums, t.g, n);
        dp_dot_add(&products, t.g, t.h, n);
    }
    k1 = (float)(dp_sum_end(&sums) / (double)m->row);
    k2 = (float)(dp_sum_end(&products) / (double)m->row);
    for (int64_t i = first, n; i < t.end; i += n) {
        n = look(m, &t, i);
        m->kernels->row_gradient(n, t.g, t.h, r, k1, k2, dx + i);
    }
}
