/* conv_once.c - one convolution of given numbers, for tools/scripts/bench/conv_accuracy.py
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     conv_once N HEIGHT WIDTH IC OC KERNEL TILE < x w dy > y dx dw
 * Stride 1, padding KERNEL / 2, leaves of 4 samples.  float32 of this machine's byte order: x, dy,
 * y, dx channels last, w and dw [oc][ic][KERNEL][KERNEL].
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"
#include "tests/support/conv.h"

static float *numbers(size_t n, bool given)
{
    float *v = calloc(n, sizeof *v);

    if (v == NULL || (given && fread(v, sizeof *v, n, stdin) != n)) {
        fprintf(stderr, "conv_once: too few numbers\n");
        exit(2);
    }
    return v;
}

int main(int argc, char **argv)
{
    int64_t a[8] = {0};
    dp_options options;
    dp_arena arena = {0};
    dp_workers *workers;
    dp_error err;

    for (int i = 1; i < argc && i < 8; i++)
        a[i] = atoll(argv[i]);
    const int64_t n = a[1];
    dp_conv c = test_conv(a[4], a[5], a[2], a[3], a[6]);
    const size_t places = (size_t)(n * a[2] * a[3]), in = places * (size_t)c.ic,
                 out = places * (size_t)c.oc, taps = (size_t)(c.oc * c.ic * c.kh * c.kw);

    c.tile = a[7];
    if (argc != 8 || dp_options_get(NULL, &options, &err) != DP_OK)
        return 2;
    arena.alloc = options.alloc;
    if (dp_workers_open(&workers, 1, &arena, &err) != DP_OK)
        return 2;
    const dp_kernels *k = dp_kernels_of(dp_cpu_best());
    const dp_math_run run = {k, workers, n, 4, numbers(dp_conv_workspace(&c, k, n, 1), false)};
    const float *x = numbers(in, true), *w = numbers(taps, true), *dy = numbers(out, true);
    float *y = numbers(out, false), *dx = numbers(in, false), *dw = numbers(taps, false);
    dp_conv_forward(&c, &run, x, w, NULL, y, NULL);
    dp_conv_input_gradient(&c, &run, dy, w, dx, NULL);
    dp_conv_weight_gradient(&c, &run, x, dy, dw);
    dp_workers_close(workers);
    return fwrite(y, sizeof *y, out, stdout) != out || fwrite(dx, sizeof *dx, in, stdout) != in ||
           fwrite(dw, sizeof *dw, taps, stdout) != taps;
}
