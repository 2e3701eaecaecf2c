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

static size_t row_elements(const dp_tensor *t)
{
    size_t n = 1;

    for (int32_t d = 1; d < t->rank; d++)
        n *= (size_t)t->shape[d];
    return n;
}

static void mix_f32(float *a, float *b, float share, size_t n)
{
    const float rest = 1.0f - share;

    for (size_t i = 0; i < n; i++) {
        const float x = a[i], y = b[i];
        a[i] = x * share + y * rest;
        b[i] = y * share + x * rest;
    }
}

static void mix_f64(double *a, double *b, double share, size_t n)
{
    const double rest = 1.0 - share;

    for (size_t i = 0; i < n; i++) {
        const double x = a[i], y = b[i];
        a[i] = x * share + y * rest;
        b[i] = y * share + x * rest;
    }
}

void dp_mix_rows(const dp_tensor *t, double share, size_t first, size_t last)
{
    const size_t size = row_elements(t), n = (size_t)t->shape[0];

    for (size_t i = 0; i < n / 2; i++) {
        const size_t a = i * size + first, b = (n - 1 - i) * size + first;
        if (t->dtype == DP_F32)
            mix_f32((float *)t->data + a, (float *)t->data + b, (float)share, last - first);
        else
            mix_f64((double *)t->data + a, (double *)t->data + b, share, last - first);
    }
}

void dp_swap_rows(const dp_tensor *t, size_t first, size_t last)
{
    const size_t size = row_elements(t), n = (size_t)t->shape[0], bytes = dp_dtype_size(t->dtype);
    uint8_t *data = t->data;

    for (size_t i = 0; i < n / 2; i++) {
        for (size_t e = first; e < last; e++) {
            uint8_t *a = data + (i * size + e) * bytes,
                    *b = data + ((n - 1 - i) * size + e) * bytes;
            uint8_t kept[8];
            memcpy(kept, a, bytes);
            memcpy(a, b, bytes);
            memcpy(b, kept, bytes);
        }
    }
}
