/* softmax_layer.c - the channels of each place as parts of a whole, or what follows from them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/softmax_layer.h"

void dp_softmax_forward(const dp_softmax_layer *f, const dp_layer_run *r, int64_t sample)
{
    const int64_t n = r->in.channels, places = r->in.height * r->in.width;
    const float *x = r->x + sample * places * n;
    float *y = r->y + sample * places * n;

    for (int64_t p = 0; p < places; p++, x += n, y += n) {
        const dp_softmax s = dp_softmax_of(x, n);
        for (int64_t j = 0; j < n; j++)
            y[j] = (float)f->value(&s, x[j]);
    }
}

void dp_softmax_backward(const dp_softmax_layer *f, const dp_layer_run *r, int64_t sample)
{
    const int64_t n = r->in.channels, places = r->in.height * r->in.width;
    const float *y = r->y + sample * places * n, *dy = r->dy + sample * places * n;
    float *dx = r->dx + sample * places * n;

    for (int64_t p = 0; p < places; p++, y += n, dy += n, dx += n) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++)
            sum += f->term((double)y[j], (double)dy[j]);
        for (int64_t j = 0; j < n; j++)
            dx[j] = (float)f->gradient((double)y[j], (double)dy[j], sum);
    }
}
