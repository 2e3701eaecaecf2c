/* bench_dense.c - the gradient of a dense layer's weights against the roof of a core, interleaved
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     bench_dense [ROUNDS]
 * Leaves of four samples, one thread, CPU time, best of the rounds, for each instruction set;
 * prints GFLOP/s and the share of the roof (roof.h), that of the kernel alone, whose operands stay
 * in the first cache, and how much of the time the writing of the gradient takes by itself.
 */
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/options.h"
#include "compute/math/dense.h"
#include "tests/bench/roof.h"

#define LEAF_SIZE 4
#define CLOCK     CLOCK_PROCESS_CPUTIME_ID

typedef struct shape {
    dp_dense dense;
    int64_t n; /* samples */
} shape;

static const shape shapes[] = {{{9216, 4096}, 32}, {{4096, 4096}, 128}, {{2048, 256}, 128}};
#define COUNT (sizeof shapes / sizeof shapes[0])

/* GFLOP/s of the kernel on 32 samples, a tile of each. */
static double kernel_rate(const dp_kernels *k, const float *left, const float *panel)
{
    const dp_leaves l = {4 * LEAF_SIZE, LEAF_SIZE, k->mr};
    const int runs = BENCH_ROOF_RUNS;
    float out[DP_MAX_TILE] __attribute__((aligned(64)));
    const double start = bench_seconds(CLOCK);

    for (int r = 0; r < runs; r++) {
        for (int p = 0; p < 32; p += 4 * LEAF_SIZE)
            k->leaves(&l, left + p * k->mr, panel + p * k->nr, out, p > 0 ? DP_ADD : DP_STORE);
    }
    return 2e-9 * k->mr * k->nr * 32 * runs / (bench_seconds(CLOCK) - start);
}

/* Seconds: the whole tiles of a gradient are written, of numbers that are there. */
static double write_seconds(const dp_kernels *k, const dp_dense *d, const float *tile, float *dw)
{
    const double start = bench_seconds(CLOCK);
    float *to[DP_MAX_MR];

    for (int64_t row = 0; row + k->mr <= d->out; row += k->mr) {
        for (int64_t col = 0; col + k->nr <= d->in; col += k->nr) {
            for (int64_t i = 0; i < k->mr; i++)
                to[i] = dw + (row + i) * d->in + col;
            k->stream(k->mr, k->nr, tile, to);
        }
    }
    k->fence();
    return bench_seconds(CLOCK) - start;
}

static void run_shape(const dp_kernels *k, dp_workers *workers, const shape *s, int rounds)
{
    const dp_dense *d = &s->dense;
    const double flop = 2e-9 * (double)(s->n * d->in * d->out);
    float *x = bench_numbers((size_t)(s->n * d->in)), *dy = bench_numbers((size_t)(s->n * d->out)),
          *dw = bench_numbers((size_t)(d->in * d->out)),
          *workspace = bench_numbers(dp_dense_workspace(d, k, s->n)),
          *panel = bench_numbers(BENCH_ROOF_K * DP_MAX_NR);
    const dp_math_run run = {k, workers, s->n, LEAF_SIZE, workspace};
    double top = 0, best = 0, alone = 0, written = INFINITY;

    for (int r = 0; r < rounds; r++) {
        const double roof = bench_roof(k, CLOCK, x, panel), start = bench_seconds(CLOCK);
        dp_dense_weight_gradient(d, &run, x, dy, dw);
        const double rate = flop / (bench_seconds(CLOCK) - start);
        alone = fmax(alone, kernel_rate(k, x, panel));
        written = fmin(written, write_seconds(k, d, panel, dw));
        top = roof > top ? roof : top, best = rate > best ? rate : best;
    }
    printf("%-7s %lld to %lld, %lld samples: %.1f of %.1f GFLOP/s (%.0f %%; kernel alone %.0f %%), "
           "%.1f ms, writing alone %.1f\n",
           k->name, (long long)d->in, (long long)d->out, (long long)s->n, best, top,
           100 * best / top, 100 * alone / top, 1e3 * flop / best, 1e3 * written);
    free(x), free(dy), free(dw), free(workspace), free(panel);
}

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 10;
    dp_options options;
    dp_arena arena = {0};
    dp_workers *workers;
    dp_error err;

    if (dp_options_get(NULL, &options, &err) != DP_OK)
        return 1;
    arena.alloc = options.alloc;
    if (dp_workers_open(&workers, 1, &arena, &err) != DP_OK)
        return 1;
    for (int level = 0; level <= (int)dp_cpu_best(); level++) {
        for (size_t i = 0; dp_cpu_has((dp_cpu_level)level) && i < COUNT; i++)
            run_shape(dp_kernels_of((dp_cpu_level)level), workers, &shapes[i],
                      level <= DP_CPU_SSE2 ? 1 : rounds); /* seconds each */
    }
    dp_workers_close(workers);
    dp_arena_free(&arena);
    return 0;
}
