/* bench_conv.c - convolution against the roof of the machine, interleaved
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     bench_conv [ROUNDS] [THREADS]
 * conv 3x3, 64 to 64 channels, 32x32 images, batch 8, by each algorithm in turn.  Best of the
 * rounds; prints GFLOP/s of the direct form's work and the share of the roof (roof.h).
 */
#include <stdio.h>

#include "base/options.h"
#include "tests/bench/roof.h"
#include "tests/support/conv.h"

#define N        8
#define SIDE     32
#define CHANNELS 64

static double seconds(void) { return bench_seconds(CLOCK_MONOTONIC); }

typedef struct bench {
    dp_workers *workers;
    uint32_t threads;
    const dp_kernels *kernels;
    float *x, *w, *y;
} bench;

static const struct {
    const char *name;
    int64_t tile;
} algorithms[] = {{"direct", 0}, {"winograd", 2}, {"winograd4", 4}};
#define ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

static dp_conv conv(int64_t tile)
{
    dp_conv c = test_conv(CHANNELS, CHANNELS, SIDE, SIDE, 3);

    c.tile = tile;
    return c;
}

/* Better rates of the three passes, in GFLOP/s of the direct form's work. */
static void round_of(const bench *b, int64_t tile, float *workspace, double best[3])
{
    const double flop = 2e-9 * N * SIDE * SIDE * 9 * CHANNELS * CHANNELS;
    const dp_math_run run = {b->kernels, b->workers, N, 4, workspace};
    const dp_conv c = conv(tile);
    double t[4];

    bench_fill(b->x, N * SIDE * SIDE * CHANNELS), bench_fill(b->w, 9 * CHANNELS * CHANNELS);
    t[0] = seconds();
    dp_conv_forward(&c, &run, b->x, b->w, NULL, b->y, NULL);
    t[1] = seconds();
    dp_conv_input_gradient(&c, &run, b->y, b->w, b->x, NULL);
    t[2] = seconds();
    dp_conv_weight_gradient(&c, &run, b->x, b->y, b->w);
    t[3] = seconds();
    for (int i = 0; i < 3; i++)
        best[i] = flop / (t[i + 1] - t[i]) > best[i] ? flop / (t[i + 1] - t[i]) : best[i];
}

static void print_rates(const bench *b, size_t algorithm, double top, const double rate[3])
{
    static const char *const passes[] = {"forward", "input gradient", "weight gradient"};

    printf("%-7s %-9s %u threads  roof of a core %6.1f GFLOP/s", b->kernels->name,
           algorithms[algorithm].name, b->threads, top);
    for (int i = 0; i < 3; i++)
        printf("  %s %6.1f (%3.0f %%)", passes[i], rate[i], 100 * rate[i] / top / b->threads);
    putchar('\n');
}

/* The algorithms in turn, on one instruction set. */
static void run_level(const bench *b, int rounds)
{
    double top = 0, best[ALGORITHMS][3] = {{0}};
    float *workspace[ALGORITHMS];

    for (size_t a = 0; a < ALGORITHMS; a++) {
        const dp_conv c = conv(algorithms[a].tile);
        workspace[a] = bench_numbers(dp_conv_workspace(&c, b->kernels, N, b->threads));
    }
    for (int r = 0; r < rounds; r++) {
        const double rate = bench_roof(b->kernels, CLOCK_MONOTONIC, b->x, b->w);
        top = rate > top ? rate : top;
        for (size_t a = 0; a < ALGORITHMS; a++)
            round_of(b, algorithms[a].tile, workspace[a], best[a]);
    }
    for (size_t a = 0; a < ALGORITHMS; a++) {
        print_rates(b, a, top, best[a]);
        free(workspace[a]);
    }
}

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 20;
    bench b = {.threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 1,
               .x = bench_numbers(N * SIDE * SIDE * CHANNELS),
               .w = bench_numbers(9 * CHANNELS * CHANNELS),
               .y = bench_numbers(N * SIDE * SIDE * CHANNELS)};
    dp_options options;
    dp_arena arena = {0};
    dp_error err;

    if (dp_options_get(NULL, &options, &err) != DP_OK)
        return 1;
    arena.alloc = options.alloc;
    if (dp_workers_open(&b.workers, b.threads, &arena, &err) != DP_OK)
        return 1;
    for (int level = 0; level <= (int)dp_cpu_best(); level++) {
        b.kernels = dp_kernels_of((dp_cpu_level)level);
        if (dp_cpu_has((dp_cpu_level)level))
            run_level(&b, level <= DP_CPU_SSE2 ? 1 : rounds); /* seconds each */
    }
    dp_workers_close(b.workers);
    dp_arena_free(&arena);
    return 0;
}
