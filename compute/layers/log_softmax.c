/* log_softmax.c - the logarithm of softmax, over the channels of each place
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: over the channels of each place, y = (x - m) - log(S) in binary64, rounded
 * once; dx = dy - exp(y) SEQ64 of dy in binary64, rounded once.
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
            y[j] = (float)dp_softmax_log(&s, x[j]);
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
            sum += (double)dy[j];
        for (int64_t j = 0; j < n; j++)
            dx[j] = (float)((double)dy[j] - dp_exp_d((double)y[j]) * sum);
    }
}

const dp_layer dp_layer_log_softmax = {
    .info = {"layer", "log_softmax", "the logarithm of softmax", 1, dp_no_params},
    .prefix = "log_softmax",
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
