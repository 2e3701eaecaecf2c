/* roof.h - the roof of a core: the direct convolution's inner loop on operands that stay in the
 * first cache
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BENCH_ROOF_H
#define TESTS_BENCH_ROOF_H

#include <stdlib.h>
#include <time.h>

#include "compute/kernels/kernels.h"

#define BENCH_ROOF_K    256
#define BENCH_ROOF_RUNS 2000

static inline double bench_seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void bench_fill(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(i % 17) * 0.1f - 0.8f;
}

static inline float *bench_numbers(size_t n)
{
    float *v = aligned_alloc(64, (n * sizeof *v + 63) / 64 * 64);
    bench_fill(v, n);
    return v;
}

/* GFLOP/s; a and panel: BENCH_ROOF_K times DP_MAX_MR, DP_MAX_NR floats. */
static inline double bench_roof(const dp_kernels *k, clockid_t clock, const float *a,
                                const float *panel)
{
    float out[DP_MAX_MR * DP_MAX_NR] __attribute__((aligned(64)));
    const dp_runs runs = {1, 1, 1, BENCH_ROOF_K, 0, 0, 0};
    const float *rows[DP_MAX_MR];
    float *to[DP_MAX_MR];
    const double start = bench_seconds(clock);

    for (int i = 0; i < k->mr; i++)
        rows[i] = a + i * BENCH_ROOF_K, to[i] = out + i * k->nr;
    for (int r = 0; r < BENCH_ROOF_RUNS; r++)
        k->tile[0][0](&runs, rows, panel, NULL, to);
    return 2e-9 * k->mr * k->nr * BENCH_ROOF_K * BENCH_ROOF_RUNS / (bench_seconds(clock) - start);
}

#endif
