/* bench.h - what is timed: a task opened, run again and again, closed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMMANDS_BENCH_H
#define TOOLS_COMMANDS_BENCH_H

#include <stdbool.h>

#include "detpipe.h"
#include "detpipe_net.h"

typedef struct bench {
    const struct bench_task *task;
    const char *data;      /* --data */
    const char *algorithm; /* --algorithm, or NULL */
    uint32_t threads;
    bool digests; /* of every batch are asked for */
    dp_pipeline *pipeline;
    dp_net *net;
    dp_batch *batch;
    double first_ms; /* of skip: to the batch of step 0 */
    double seek_ms;  /* to a batch far away on an open handle */
    double next_ms;  /* to the next batch there */
} bench;

/* run: one value, of the unit; each returns 0, or the exit status after saying why. */
typedef struct bench_task {
    const char *name, *help;
    const char *unit;       /* images_per_s, rows_per_s, step_ms */
    const char *spec, *net; /* net: of bench_open_recipe the recipe that has it */
    uint64_t images;        /* or rows, of a run */
    int (*open)(bench *);
    int (*run)(bench *, double *value);
} bench_task;

/* The roof: GB/s of one thread's memcpy, and of its stores; 0 = no memory for it. */
void bench_roof(double *copied, double *filled);

int bench_open_step(bench *);
int bench_open_recipe(bench *);
int bench_run_step(bench *, double *value);
int bench_open_stream(bench *);
int bench_run_stream(bench *, double *value);
int bench_open_skip(bench *);
int bench_run_skip(bench *, double *value);
int bench_open_weights(bench *);
int bench_run_weights(bench *, double *value);

#endif
