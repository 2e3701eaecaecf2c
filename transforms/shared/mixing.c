/* mixing.c - rows of a batch mixed with each other
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/mixing.h"

#include <string.h>

#include "base/number/num.h"

/* u^(1/alpha) of u in (0, 1], 0 where it is less than 2^-1000. */
static double power_of(dp_place *place, double alpha)
{
    const double u = 1 - dp_rng_uniform(&place->rng), logarithm = dp_log_d(u) / alpha;

    return logarithm < -690 ? 0 : dp_exp_d(logarithm);
}

double dp_draw_beta(dp_place *place, double alpha)
{
    for (;;) {
        const double x = power_of(place, alpha), y = power_of(place, alpha);
        if (x + y > 0 && x + y <= 1)
            return x / (x + y);
    }
}

void dp_spread_draws(const dp_batch_draws *d, const double *numbers, uint32_t n)
{
    for (uint64_t i = 0; i < d->rows; i++) {
        double *row = d->first + i * d->stride;
        const bool alone = i == d->rows - 1 - i;
        row[0] = (double)(d->rows - 1 - i);
        for (uint32_t k = 0; k < n; k++)
            row[1 + k] = !alone ? numbers[k] : k == n - 1;
    }
}

static void swap_partners(void *draws, uint32_t i, uint32_t j)
{
    const dp_batch_draws *d = draws;
    double *a = d->first + i * d->stride, *b = d->first + j * d->stride;
    const double kept = *a;

    *a = *b;
    *b = kept;
}

void dp_replay_partners(dp_mt19937 *g, const dp_batch_draws *of)
{
    dp_batch_draws d = *of;

    for (uint64_t i = 0; i < d.rows; i++)
        d.first[i * d.stride] = (double)i;
    dp_std_shuffle_by(swap_partners, &d, (uint32_t)d.rows, g);
}

static uint64_t partner_of(const dp_batch_draws *d, uint64_t i)
{
    return (uint64_t)d->first[i * d->stride];
}

static size_t row_elements(const dp_tensor *t)
{
    size_t n = 1;

    for (int32_t d = 1; d < t->rank; d++)
        n *= (size_t)t->shape[d];
    return n;
}

/* The row with the least number of those that are mixed with one another, in a circle. */
static bool is_least(const dp_batch_draws *d, uint64_t i)
{
    uint64_t other = partner_of(d, i);

    while (other > i)
        other = partner_of(d, other);
    return other == i;
}

void dp_mix_each(const dp_batch_draws *d, const dp_tensor *t, void *spare, dp_mix_row *change,
                 const void *ctx)
{
    const size_t size = row_elements(t) * dp_dtype_size(t->dtype);
    uint8_t *data = t->data;

    for (uint64_t i = 0; i < d->rows; i++) {
        uint64_t row = i;
        if (!is_least(d, i))
            continue;
        memcpy(spare, data + i * size, size);
        for (uint64_t other; (other = partner_of(d, row)) != i; row = other)
            change(ctx, d->first + row * d->stride, data + row * size, data + other * size);
        change(ctx, d->first + row * d->stride, data + row * size, spare);
    }
}

typedef struct values {
    size_t n;
    int share;
    bool wide;
} values;

static void mix_u8(const void *ctx, const double *numbers, void *row, const void *other)
{
    const values *v = ctx;
    const float share = (float)numbers[v->share], rest = 1.0f - share;
    uint8_t *x = row;
    const uint8_t *y = other;

    for (size_t i = 0; i < v->n && share != 1; i++) {
        const float sum = dp_fma32(x[i], share, (float)y[i] * rest);
        x[i] = (uint8_t)(sum < 255 ? dp_round_even((double)sum) : 255);
    }
}

static void mix_f32(const void *ctx, const double *numbers, void *row, const void *other)
{
    const values *v = ctx;
    const float share = (float)numbers[v->share], rest = 1.0f - share;
    float *x = row;
    const float *y = other;

    for (size_t i = 0; i < v->n && share != 1 && !v->wide; i++)
        x[i] = x[i] * share + y[i] * rest;
    for (size_t i = 0; i < v->n && share != 1 && v->wide; i++)
        x[i] = (float)((double)x[i] * (double)share + (double)y[i] * (double)rest);
}

static void mix_f64(const void *ctx, const double *numbers, void *row, const void *other)
{
    const values *v = ctx;
    const double share = numbers[v->share], rest = 1.0 - share;
    const float fused = (float)share;
    double *x = row;
    const double *y = other;

    for (size_t i = 0; i < v->n && share != 1 && !v->wide; i++)
        x[i] = x[i] * share + y[i] * rest;
    for (size_t i = 0; i < v->n && share != 1 && v->wide; i++)
        x[i] = dp_fma64(x[i], fused, y[i] * (double)(1.0f - fused));
}

void dp_mix_values(const dp_batch_draws *d, const dp_tensor *t, void *spare, int share, bool wide)
{
    const values v = {row_elements(t), share, wide};

    dp_mix_each(d, t, spare,
                t->dtype == DP_U8    ? mix_u8
                : t->dtype == DP_F32 ? mix_f32
                                     : mix_f64,
                &v);
}
