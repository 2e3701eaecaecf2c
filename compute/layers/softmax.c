/* softmax.c - exp(x) over the sum of all, over the channels of each place
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: over the channels of each place, y = exp(x - m) / S in binary64, rounded once;
 * dx = y (dy - SEQ64 of dy y) in binary64, rounded once.
 */
#include "compute/layer.h"
#include "compute/softmax.h"

static void forward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t n = r->in.channels, places = r->in.height * r->in.width;
    const float *x = r->x + i * places * n;
    float *y = r->y + i * places * n;

    (void)params;
    for (int64_t p = 0; p < places; p++, x += n, y += n) {
        const dp_softmax s = dp_softmax_of(x, n);
        for (int64_t j = 0; j < n; j++)
            y[j] = (float)dp_softmax_part(&s, x[j]);
    }
}

static void backward_sample(const void *params, const dp_layer_run *r, int64_t i)
{
    const int64_t n = r->in.channels, places = r->in.height * r->in.width;
    const float *y = r->y + i * places * n, *dy = r->dy + i * places * n;
    float *dx = r->dx + i * places * n;

    (void)params;
    for (int64_t p = 0; p < places; p++, y += n, dy += n, dx += n) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++)
            sum += (double)dy[j] * (double)y[j];
        for (int64_t j = 0; j < n; j++)
            dx[j] = (float)((double)y[j] * ((double)dy[j] - sum));
    }
}

const dp_layer dp_layer_softmax = {
    .info = {"layer", "softmax", "the channels of each place as parts of a whole", 1, dp_no_params},
    .prefix = "softmax",
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
