/* cmd_bench.c - time a task and print one JSON line
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detpipe_net.h"
#include "tools/cli.h"

#define MIN_RUNS 5
#define MAX_RUNS 4096

/* A step on one batch that stays in memory. */
typedef struct task {
    const char *name, *data, *net;
    int64_t images; /* a step; 0 = the figure is step_ms */
} task;

#define IMAGES(n, side)                                                                            \
    "synthetic num_records=" n " | resize size=" side "," side " | rescale rescale=1/255"          \
    " | normalize mean=0.5 std=0.25 | hwc2chw | batch batch_size=" n
#define ENDING " | softmax_cross_entropy | momentum learning_rate=0.002 momentum=0.9"

static const task tasks[] = {
    {"alexnet", IMAGES("32", "227"),
     "init weight=\"truncated_normal sigma=0.02\""
     " | conv2d out_channels=96 kernel_size=11 stride=4 pad_mode=valid | relu"
     " | max_pool kernel_size=3 stride=2 | conv2d out_channels=256 kernel_size=5 | relu"
     " | max_pool kernel_size=3 stride=2 | conv2d out_channels=384 kernel_size=3 | relu"
     " | conv2d out_channels=384 kernel_size=3 | relu | conv2d out_channels=256 kernel_size=3 | relu"
     " | max_pool kernel_size=3 stride=2 | flatten | dense out_channels=4096 | relu"
     " | dense out_channels=4096 | relu | dense out_channels=10" ENDING,
     0},
    {"small_cnn", IMAGES("128", "32"),
     "conv2d out_channels=32 kernel_size=3 has_bias=true | relu"
     " | conv2d out_channels=32 kernel_size=3 has_bias=true | relu"
     " | max_pool kernel_size=2 stride=2"
     " | conv2d out_channels=64 kernel_size=3 has_bias=true | relu"
     " | conv2d out_channels=64 kernel_size=3 has_bias=true | relu"
     " | max_pool kernel_size=2 stride=2"
     " | flatten | dense out_channels=256 | relu | dense out_channels=10" ENDING,
     128},
};

static const char about[] =
    "Times a training step of one batch that stays in memory: forward, backward and update.  The "
    "first step is not counted; then at least 5 steps and --seconds.  Prints one JSON line with "
    "the median, the least and the most; the process may use N CPUs.\n"
    "Tasks: alexnet (batch 32, 227x227), small_cnn (batch 128, 32x32).";

typedef struct bench {
    const task *task;
    dp_pipeline *pipeline;
    dp_net *net;
    dp_batch *batch;
    double values[MAX_RUNS];
    int n;
} bench;

/* So that no thread of the process hides on another CPU: the last n of those it may use. */
static void keep_cpus(uint64_t n)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE && (uint64_t)CPU_COUNT(&set) > n; cpu++)
        CPU_CLR(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static int open_task(bench *b, uint32_t threads)
{
    const dp_options options = {.size = sizeof options, .threads = threads};
    dp_error err;

    if (dp_open(&b->pipeline, b->task->data, 1, &options, &err) != DP_OK ||
        dp_next(b->pipeline, &b->batch, &err) != DP_OK)
        return cli_fail_error(&err, b->task->data);
    if (dp_net_open(&b->net, b->task->net, 1, dp_batch_get(b->batch, "image"), &options, &err) !=
        DP_OK)
        return cli_fail_error(&err, b->task->net);
    return -1;
}

static int time_step(bench *b, double *seconds)
{
    const double start = cli_seconds();
    dp_error err;

    if (dp_net_step(b->net, dp_batch_get(b->batch, "image"), dp_batch_get(b->batch, "label"), NULL,
                    &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    *seconds = cli_seconds() - start;
    return -1;
}

static int run_task(bench *b, uint64_t least_seconds)
{
    double seconds = 0, start;
    int status = time_step(b, &seconds);

    start = cli_seconds();
    while (status < 0 && b->n < MAX_RUNS &&
           (b->n < MIN_RUNS || cli_seconds() - start < (double)least_seconds)) {
        status = time_step(b, &seconds);
        b->values[b->n++] = b->task->images > 0 ? (double)b->task->images / seconds : 1e3 * seconds;
    }
    return status;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int print_line(bench *b, uint64_t threads)
{
    double load = 0;

    qsort(b->values, (size_t)b->n, sizeof b->values[0], ascending);
    (void)getloadavg(&load, 1);
    printf("{\"peer\": \"detpipe\", \"version\": \"%s\", \"task\": \"%s\", \"threads\": %llu, "
           "\"%s\": %.2f, \"min\": %.2f, \"max\": %.2f, \"runs\": %d, \"note\": \"load %.1f\"}\n",
           DETPIPE_VERSION, b->task->name, (unsigned long long)threads,
           b->task->images > 0 ? "images_per_s" : "step_ms",
           (b->values[(b->n - 1) / 2] + b->values[b->n / 2]) / 2, b->values[0], b->values[b->n - 1],
           b->n, load);
    return EXIT_YES;
}

static int find_task(const char *name, const task **out)
{
    for (size_t i = 0; name != NULL && i < sizeof tasks / sizeof tasks[0]; i++) {
        if (strcmp(tasks[i].name, name) == 0) {
            *out = &tasks[i];
            return -1;
        }
    }
    return cli_fail(EXIT_MALFORMED, "bench: --task takes alexnet or small_cnn%s%s",
                    name != NULL ? ", not " : "", name != NULL ? name : "");
}

int cmd_bench(int argc, char **argv)
{
    bench b = {0};
    const char *name = NULL;
    uint64_t threads = 1, seconds = 10;
    const cli_option options[] = {
        {"task", "TASK", "what to time", CLI_TEXT, &name},
        {"threads", "N", "threads, and CPUs that the process may use (default: 1)", CLI_COUNT,
         &threads},
        {"seconds", "N", "time at least so long (default: 10)", CLI_COUNT, &seconds},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"bench", "--task TASK [OPTIONS]", about, options, 0, 0};
    int status = cli_parse(&command, argc, argv, NULL);

    if (status < 0)
        status = find_task(name, &b.task);
    if (status < 0 && (threads < 1 || threads > 1024))
        status = cli_fail(EXIT_MALFORMED, "bench: --threads takes 1 to 1024");
    if (status < 0) {
        keep_cpus(threads);
        status = open_task(&b, (uint32_t)threads);
    }
    if (status < 0)
        status = run_task(&b, seconds);
    if (status < 0)
        status = print_line(&b, threads);
    dp_net_close(b.net);
    dp_close(b.pipeline);
    return status;
}
