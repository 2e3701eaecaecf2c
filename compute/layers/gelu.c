/* gelu.c - x times the normal distribution's share below it, by its tanh form
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; Hendrycks and Gimpel, arXiv 1606.08415, as MindSpore's GELU has it by default:
 * t = tanh(c (x + 0.044715 x^3)), c = sqrt(2 / pi); y = 0.5 x (1 + t) in binary64, rounded once;
 * dx = dy (0.5 (1 + t) + 0.5 x (1 - t^2) c (1 + 3 * 0.044715 x^2)) likewise.
 */
#include "base/number/num.h"
#include "compute/layers/layer.h"

#define C     0x1.9884533d43651p-1 /* sqrt(2 / pi) */
#define CUBIC 0.044715

static double tanh_of(double x) { return dp_tanh_d(C * (x + CUBIC * (x * x * x))); }

static void forward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), first = i * size;

    (void)params;
    for (int64_t j = first; j < first + size; j++) {
        const double x = (double)r->x[j];
        r->y[j] = (float)(0.5 * x * (1.0 + tanh_of(x)));
    }
}

static void backward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t size = dp_extent_size(&r->in), first = i * size;

    (void)params;
    for (int64_t j = first; j < first + size; j++) {
        const double x = (double)r->x[j], t = tanh_of(x);
        const double slope = C * (1.0 + 3.0 * CUBIC * (x * x));
        r->dx[j] =
            (float)((double)r->dy[j] * (0.5 * (1.0 + t) + 0.5 * x * ((1.0 - t * t) * slope)));
    }
}

const dp_layer dp_layer_gelu = {
    .info = {"layer", "gelu", "x times the normal distribution's share below it (tanh form)", 1, 0,
             dp_no_params},
    .prefix = "gelu",
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
