/* bench_batch.c - a training step on small batches beside one on large ones
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     bench_batch ROUNDS SIDE SMALL LARGE TEXT
 * The net TEXT on images 3 x SIDE x SIDE of ten classes, one thread, CPU time, in turn; prints the
 * most images/s of each batch size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detpipe_net.h"

#define CHANNELS 3
#define CLASSES  10

static dp_error err;

static void need(dp_status status)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "bench_batch: %s\n", err.message);
    exit(3);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct training {
    dp_net *net;
    dp_tensor images, labels;
    double most; /* images/s */
} training;

static training open_training(const char *text, int64_t n, int64_t side)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    const size_t floats = (size_t)(n * CHANNELS * side * side);
    float *x = malloc(floats * sizeof *x);
    int32_t *classes = malloc((size_t)n * sizeof *classes);
    training t = {.images = {x, DP_F32, 4, {n, CHANNELS, side, side}},
                  .labels = {classes, DP_I32, 1, {n}}};

    for (size_t i = 0; i < floats; i++)
        x[i] = (float)(i % 257) * 0x1p-7f - 1;
    for (int64_t i = 0; i < n; i++)
        classes[i] = (int32_t)(i % CLASSES);
    need(dp_net_open(&t.net, text, 1, &t.images, &options, &err));
    return t;
}

static void step(training *t)
{
    const double start = seconds();
    dp_net_result result;
    double rate;

    need(dp_net_step(t->net, &t->images, &t->labels, &result, &err));
    rate = (double)t->images.shape[0] / (seconds() - start);
    t->most = rate > t->most ? rate : t->most;
}

int main(int argc, char **argv)
{
    training t[2];

    if (argc != 6) {
        fprintf(stderr, "usage: bench_batch ROUNDS SIDE SMALL LARGE TEXT\n");
        return 3;
    }
    for (int i = 0; i < 2; i++)
        t[i] = open_training(argv[5], atoi(argv[3 + i]), atoi(argv[2]));
    for (int round = 0; round < atoi(argv[1]); round++) {
        for (int i = 0; i < 2; i++)
            step(&t[i]);
    }
    printf("batches of %s: %.0f images/s, of %s: %.0f (%.2f)\n", argv[3], t[0].most, argv[4],
           t[1].most, t[0].most / t[1].most);
    for (int i = 0; i < 2; i++) {
        dp_net_close(t[i].net);
        free(t[i].images.data);
        free(t[i].labels.data);
    }
    return 0;
}
