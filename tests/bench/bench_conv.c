/* bench_conv.c - convolution against the roof of the machine, interleaved
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     bench_conv [ROUNDS] [THREADS]
 * conv 3x3, 64 to 64 channels, 32x32 images, batch 8.  The roof is the same inner loop on operands
 * that stay in the first cache.  Best of the rounds; prints GFLOP/s and the share of the roof.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/options.h"
#include "compute/math/conv.h"

#define N         8
#define ROOF_K    256
#define ROOF_RUNS 2000

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *numbers(size_t n)
{
    float *v = aligned_alloc(64, (n * sizeof *v + 63) / 64 * 64);
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(i % 17) * 0.1f - 0.8f;
    return v;
}

static double roof(const dp_kernels *k, const float *a, const float *panel)
{
    float out[DP_MAX_MR * DP_MAX_NR] __attribute__((aligned(64)));
    const dp_runs runs = {1, 1, 1, ROOF_K, 0, 0, 0};
    const float *rows[DP_MAX_MR];
    float *to[DP_MAX_MR];
    const double start = seconds();

    for (int i = 0; i < k->mr; i++)
        rows[i] = a + i * ROOF_K, to[i] = out + i * k->nr;
    for (int r = 0; r < ROOF_RUNS; r++)
        k->tile[0][0](&runs, rows, panel, NULL, to);
    return 2e-9 * k->mr * k->nr * ROOF_K * ROOF_RUNS / (seconds() - start);
}

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 20;
    const uint32_t threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
    const dp_conv c = {.ic = 64,
                       .height = 32,
                       .width = 32,
                       .oc = 64,
                       .kh = 3,
                       .kw = 3,
                       .oh = 32,
                       .ow = 32,
                       .stride_h = 1,
                       .stride_w = 1,
                       .dilation_h = 1,
                       .dilation_w = 1,
                       .groups = 1,
                       .top = 1,
                       .left = 1,
                       .bottom = 1,
                       .right = 1};
    const double flop = 2e-9 * N * 32 * 32 * 9 * 64 * 64;
    dp_options options;
    dp_arena arena = {0};
    dp_workers *workers;
    dp_error err;

    if (dp_options_get(NULL, &options, &err) != DP_OK)
        return 1;
    arena.alloc = options.alloc;
    if (dp_workers_open(&workers, threads, &arena, &err) != DP_OK)
        return 1;
    for (int level = 0; level <= (int)dp_cpu_best(); level++) {
        const dp_kernels *k = dp_kernels_of((dp_cpu_level)level);
        float *x = numbers(N * 32 * 32 * 64), *w = numbers(9 * 64 * 64),
              *y = numbers(N * 32 * 32 * 64);
        const dp_math_run run = {k, workers, N, 4, numbers(dp_conv_workspace(&c, k, N))};
        double best[4] = {0};
        if (!dp_cpu_has((dp_cpu_level)level))
            continue;
        for (int r = 0; r < (level == DP_CPU_SCALAR ? 1 : rounds); r++) {
            double t[5], rate[4];
            rate[3] = roof(k, x, w);
            t[0] = seconds();
            dp_conv_forward(&c, &run, x, w, NULL, y, NULL);
            t[1] = seconds();
            dp_conv_input_gradient(&c, &run, y, w, x, NULL);
            t[2] = seconds();
            dp_conv_weight_gradient(&c, &run, x, y, w);
            t[3] = seconds();
            for (int i = 0; i < 3; i++)
                rate[i] = flop / (t[i + 1] - t[i]);
            for (int i = 0; i < 4; i++)
                best[i] = rate[i] > best[i] ? rate[i] : best[i];
            for (size_t i = 0; i < 9 * 64 * 64; i++)
                w[i] = (float)(i % 17) * 0.1f - 0.8f;
            for (size_t i = 0; i < N * 32 * 32 * 64; i++)
                x[i] = (float)(i % 13) * 0.1f - 0.6f;
        }
        printf(
            "%-7s %u threads  roof of a core %6.1f GFLOP/s  forward %6.1f (%2.0f %%)  input gradient "
            "%6.1f (%2.0f %%)  weight gradient %6.1f (%2.0f %%)\n",
            k->name, threads, best[3], best[0], 100 * best[0] / best[3] / threads, best[1],
            100 * best[1] / best[3] / threads, best[2], 100 * best[2] / best[3] / threads);
    }
    dp_workers_close(workers);
    return 0;
}
