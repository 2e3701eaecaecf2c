/* bench_dense.c - the gradient of a dense layer's weights against the roof of a core, interleaved
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     bench_dense [ROUNDS]
 * Leaves of four samples, one thread, CPU time, best of the rounds, for each instruction set;
 * prints GFLOP/s and the share of the roof (roof.h).
 */
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

static void run_shape(const dp_kernels *k, dp_workers *workers, const shape *s, int rounds)
{
    const dp_dense *d = &s->dense;
    const double flop = 2e-9 * (double)(s->n * d->in * d->out);
    float *x = bench_numbers((size_t)(s->n * d->in)), *dy = bench_numbers((size_t)(s->n * d->out)),
          *dw = bench_numbers((size_t)(d->in * d->out)),
          *workspace = bench_numbers(dp_dense_workspace(d, k, s->n)),
          *panel = bench_numbers(BENCH_ROOF_K * DP_MAX_NR);
    const dp_math_run run = {k, workers, s->n, LEAF_SIZE, workspace};
    double top = 0, best = 0;

    for (int r = 0; r < rounds; r++) {
        const double roof = bench_roof(k, CLOCK, x, panel), start = bench_seconds(CLOCK);
        dp_dense_weight_gradient(d, &run, x, dy, dw);
        const double rate = flop / (bench_seconds(CLOCK) - start);
        top = roof > top ? roof : top, best = rate > best ? rate : best;
    }
    printf("%-7s %lld to %lld, %lld samples: %.1f of %.1f GFLOP/s (%.0f %%)\n", k->name,
           (long long)d->in, (long long)d->out, (long long)s->n, best, top, 100 * best / top);
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
