/* bench_orders.c - how long the orders take, beside our own shuffle
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_orders ROWS [ROUNDS [STAGE ..]]: CPU time of one thread from the opening of a text to the
 * first row, which makes the table of an epoch, and to the first row of the next epoch (0: it has
 * the same order). Every round measures everything once, native first; printed are the medians, and
 * the medians of the ratios to native of the same round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "detpipe.h"

#define MOST_STAGES 64
#define MOST_ROUNDS 99

static const char *const all[] = {
    "shuffle",
    "shuffle block=1000",
    "shuffle order=torch",
    "shuffle order=torch_dataloader",
    "shuffle order=torch_dataloader_generator",
    "shuffle order=torch_stateful_dataloader",
    "shuffle order=numpy",
    "shuffle order=numpy_generator",
    "shuffle order=sklearn",
    "shuffle order=datasets",
    "shuffle buffer_size=1000 order=datasets",
    "shuffle order=mindspore",
    "random_sampler order=mindspore",
    "shuffle order=jax",
    "shuffle order=jax rule=unpartitionable",
    "shuffle order=tf",
    "shuffle buffer_size=1000 order=tf",
    "shuffle buffer_size=1000 order=webdataset rule=det",
    "shuffle order=streaming rule=py1e,shard_size:10000",
    "shuffle order=streaming rule=py1s,shard_size:10000,nodes:1",
    "shuffle order=streaming rule=py1br,shard_size:10000",
    "shuffle order=streaming rule=py2s,shard_size:10000,nodes:1",
    "shuffle order=streaming rule=naive",
    "shuffle order=litdata rule=chunk_size:10000",
    "random_sampler order=numpy_generator",
};
#define N_ALL (sizeof all / sizeof all[0])

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* To the first row of an epoch. */
static double reach(dp_pipeline *p, uint64_t row)
{
    const double start = cpu();
    size_t n_rows, n_readers;
    int64_t record;
    dp_error err;

    if (dp_records(p, row, &record, 1, &n_rows, &n_readers, &err) != DP_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(3);
    }
    return cpu() - start;
}

static void measure(const char *rows, const char *stage, double took[2])
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    const double start = cpu();
    char text[300];
    dp_pipeline *p;
    dp_error err;

    snprintf(text, sizeof text, "range count=%s | %s | repeat", rows, stage);
    if (dp_open(&p, text, 1, &options, &err) != DP_OK) {
        fprintf(stderr, "%s: %s\n", text, err.message);
        exit(3);
    }
    took[0] = cpu() - start;
    took[0] += reach(p, 0);
    took[1] = reach(p, strtoull(rows, NULL, 10));
    dp_close(p);
}

static int ascending(const void *a_, const void *b_)
{
    const double a = *(const double *)a_, b = *(const double *)b_;
    return (a > b) - (a < b);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, ascending);
    return v[n / 2];
}

int main(int argc, char **argv)
{
    const int rounds = argc > 2 ? atoi(argv[2]) : 5;
    const char *stages[MOST_STAGES] = {all[0]};
    static double took[2][MOST_STAGES][MOST_ROUNDS], ratio[2][MOST_STAGES][MOST_ROUNDS];
    int n = 1;

    if (argc < 2 || rounds < 1 || rounds > MOST_ROUNDS)
        return 2;
    for (size_t i = 1; argc <= 3 && i < N_ALL; i++)
        stages[n++] = all[i];
    for (int i = 3; i < argc && n < MOST_STAGES; i++)
        stages[n++] = argv[i];
    for (int r = 0; r < rounds; r++) {
        for (int s = 0; s < n; s++) {
            double times[2];
            measure(argv[1], stages[s], times);
            for (int k = 0; k < 2; k++) {
                took[k][s][r] = times[k];
                ratio[k][s][r] = times[k] / took[k][0][r];
            }
        }
    }
    for (int s = 0; s < n; s++)
        printf("%-56s %8.4f x %5.2f   %8.4f x %5.2f\n", stages[s], median(took[0][s], rounds),
               median(ratio[0][s], rounds), median(took[1][s], rounds),
               median(ratio[1][s], rounds));
    return 0;
}
