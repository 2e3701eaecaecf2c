/* phase.c - along one axis of a convolution: which taps meet which places, backward
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/phase.h"

static int64_t common_divisor(int64_t a, int64_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

dp_phase dp_phase_of(int64_t first, int64_t stride, int64_t dilation, int64_t pad, int64_t size,
                     int64_t kernel, int64_t front)
{
    const int64_t divisor = common_divisor(stride, dilation);
    dp_phase p = {.first = first, .tap_step = stride / divisor, .step = dilation / divisor};

    p.places = size > first ? (size - first + stride - 1) / stride : 0;
    while (p.tap < kernel && (first + pad - p.tap * dilation) % stride != 0)
        p.tap++;
    p.taps = (kernel - p.tap + p.tap_step - 1) / p.tap_step;
    if (p.taps > 0)
        p.head = (first + pad - p.tap * dilation) / stride - (p.taps - 1) * p.step + front;
    return p;
}

int64_t dp_gradient_front(int64_t kernel, int64_t dilation, int64_t stride)
{
    return (kernel - 1) * dilation / stride;
}

int64_t dp_gradient_reach(int64_t out, int64_t size, int64_t pad, int64_t stride)
{
    const int64_t last = (size - 1 + pad) / stride + 1;
    return out > last ? out : last;
}

dp_runs dp_runs_of(int64_t planes, int64_t plane_stride, int64_t rows, int64_t row_stride,
                   int64_t taps, int64_t tap_stride, int64_t run)
{
    if (tap_stride == run)
        return (dp_runs){planes, rows, 1, taps * run, plane_stride, row_stride, 0};
    return (dp_runs){planes, rows, taps, run, plane_stride, row_stride, tap_stride};
}
