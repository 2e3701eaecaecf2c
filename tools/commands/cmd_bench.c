/* cmd_bench.c - time a task and print one JSON line
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands/commands.h"
#include "tools/commands/bench.h"
#include "tools/cli/cli.h"

#define MIN_RUNS 5
#define MAX_RUNS 4096

#define IMAGES(n, side)                                                                            \
    "synthetic num_records=" n " | resize size=" side "," side " | rescale rescale=1/255"          \
    " | normalize mean=0.5 std=0.25 | hwc2chw | batch batch_size=" n
#define ENDING " | softmax_cross_entropy | momentum learning_rate=0.002 momentum=0.9"
#define FLOATS                                                                                     \
    " | rescale rescale=1/255 | normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010"      \
    " | hwc2chw"
#define PHOTO_FLOATS                                                                               \
    " | rescale rescale=1/255 | normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225 | hwc2chw"
#define PHOTO_CROPS                                                                                \
    " | shuffle | decode | random_resized_crop size=224 | random_horizontal_flip" PHOTO_FLOATS
#define ROWS     " | project columns=image,label | repeat"
#define SHUFFLED " | project columns=image,label | shuffle | repeat"
#define TFRECORD "tfrecord file=@tfrecord.txt fields=image:image:picture,label:label:int64"
#define ENDLESS(n)                                                                                 \
    " | project columns=image,label | batch batch_size=" n " drop_remainder=true | repeat"

static const bench_task tasks[] = {
    {"raw", "shuffled uint8 batches of 128", "images_per_s",
     "cifar10 usage=train | shuffle" ENDLESS("128"), NULL, 49920, bench_open_stream,
     bench_run_stream},
    {"aug", "shuffle, crop 32 of padding 4, flip, float32 batches of 128", "images_per_s",
     "cifar10 usage=train | shuffle | random_crop size=32 padding=4 | random_horizontal_flip" FLOATS
         ENDLESS("128"),
     NULL, 49920, bench_open_stream, bench_run_stream},
    {"resize227", "3,200 images, 227x227, float32 batches of 32", "images_per_s",
     "cifar10 usage=train | take count=3200 | resize size=227,227" FLOATS ENDLESS("32"), NULL, 3200,
     bench_open_stream, bench_run_stream},
    {"skip", "from opening to the batch of raw that holds record 40,000", "step_ms",
     "cifar10 usage=train | shuffle" ENDLESS("128"), NULL, 0, bench_open_skip, bench_run_skip},
    {"photos", "shuffle, decode, random_resized_crop 224, flip, float32 batches of 64",
     "images_per_s", "image_folder" PHOTO_CROPS ENDLESS("64"), NULL, 1984, bench_open_stream,
     bench_run_stream},
    {"photos_snapshot", "the same, of a snapshot of the files", "images_per_s",
     "snapshot file=photos.dps" PHOTO_CROPS ENDLESS("64"), NULL, 1984, bench_open_stream,
     bench_run_stream},
    {"photos_eval", "decode, resize 256, center_crop 224, float32 batches of 64", "images_per_s",
     "image_folder | decode | resize size=256 | center_crop size=224" PHOTO_FLOATS ENDLESS("64"),
     NULL, 1984, bench_open_stream, bench_run_stream},
    {"decode", "photographs to uint8, each in its own size", "images_per_s",
     "image_folder | decode | repeat", NULL, 2000, bench_open_stream, bench_run_stream},
    {"shards", "encoded photographs of tar archives, in order", "rows_per_s",
     "webdataset file=@shards.txt" ROWS, NULL, 10000, bench_open_stream, bench_run_stream},
    {"shards_shuffled", "the same, shuffled", "rows_per_s", "webdataset file=@shards.txt" SHUFFLED,
     NULL, 10000, bench_open_stream, bench_run_stream},
    {"tfrecord", "encoded photographs of TFRecord files, in order", "rows_per_s", TFRECORD ROWS,
     NULL, 10000, bench_open_stream, bench_run_stream},
    {"tfrecord_shuffled", "the same, shuffled", "rows_per_s", TFRECORD SHUFFLED, NULL, 10000,
     bench_open_stream, bench_run_stream},
    {"mindrecord", "encoded photographs of MindRecord files, in order", "rows_per_s",
     "mindrecord file=@mindrecord.txt" ROWS, NULL, 10000, bench_open_stream, bench_run_stream},
    {"mindrecord_shuffled", "the same, shuffled", "rows_per_s",
     "mindrecord file=@mindrecord.txt" SHUFFLED, NULL, 10000, bench_open_stream, bench_run_stream},
    {"tokens", "shuffled windows of 1024 tokens, int32 batches of 64", "rows_per_s",
     "tokens file=tokens.bin length=1024 | project columns=input,label | shuffle"
     " | batch batch_size=64 drop_remainder=true | repeat",
     NULL, 16384, bench_open_stream, bench_run_stream},
    {"weights", "a file of weights opened, its CRC checked", "mb_per_s", NULL, NULL, 0,
     bench_open_weights, bench_run_weights},
    {"alexnet", "a training step, batch 32, 227x227", "step_ms", IMAGES("32", "227"),
     "init weight=\"truncated_normal sigma=0.02\""
     " | conv2d out_channels=96 kernel_size=11 stride=4 pad_mode=valid | relu"
     " | max_pool kernel_size=3 stride=2"
     " | conv2d out_channels=256 kernel_size=5 algorithm=auto | relu"
     " | max_pool kernel_size=3 stride=2"
     " | conv2d out_channels=384 kernel_size=3 algorithm=auto | relu"
     " | conv2d out_channels=384 kernel_size=3 algorithm=auto | relu"
     " | conv2d out_channels=256 kernel_size=3 algorithm=auto | relu"
     " | max_pool kernel_size=3 stride=2 | flatten | dense out_channels=4096 | relu"
     " | dense out_channels=4096 | relu | dense out_channels=10" ENDING,
     0, bench_open_step, bench_run_step},
    {"small_cnn", "a training step, batch 128, 32x32", "images_per_s", IMAGES("128", "32"),
     "conv2d out_channels=32 kernel_size=3 has_bias=true | relu"
     " | conv2d out_channels=32 kernel_size=3 has_bias=true algorithm=auto | relu"
     " | max_pool kernel_size=2 stride=2"
     " | conv2d out_channels=64 kernel_size=3 has_bias=true algorithm=auto | relu"
     " | conv2d out_channels=64 kernel_size=3 has_bias=true algorithm=auto | relu"
     " | max_pool kernel_size=2 stride=2"
     " | flatten | dense out_channels=256 | relu | dense out_channels=10" ENDING,
     128, bench_open_step, bench_run_step},
    {"resnet20", "a training step of the recipe's net, batch 128, 32x32", "images_per_s",
     IMAGES("128", "32"), "cifar10_resnet20", 128, bench_open_recipe, bench_run_step},
};
#define N_TASKS (sizeof tasks / sizeof tasks[0])

static const char about[] =
    "Times a task and prints one JSON line with the median, the least and the most.  The first run "
    "is not counted; then at least 5 runs and --seconds; the process may use N CPUs.\n"
    "raw: CIFAR-10 train, shuffled, uint8 batches of 128, an epoch.\n"
    "aug: with random crop, flip, rescale, normalize and hwc2chw to float32.\n"
    "resize227: the first 3,200 images as float32 227x227, batches of 32.\n"
    "skip: from opening the data set to the batch of step 312 of raw; first_ms: to that of step 0; "
    "on an open handle seek_ms: from dp_seek to that batch, next_ms: to the next one.\n"
    "photos: the pictures of a folder of class folders (--data), shuffled, random_resized_crop 224, "
    "flip, normalize, float32 batches of 64.  photos_eval: in order, resize 256, center_crop 224.  "
    "decode: their pixels alone.  photos_snapshot: photos, from photos.dps in --data: "
    "`detpipe snapshot write image_folder photos.dps`.\n"
    "shards: samples of the archives that shards.txt in --data names, jpg and cls, in order, each by "
    "itself.  tfrecord: Examples of image and label, of the files that tfrecord.txt names.  "
    "mindrecord: image and label, of mindrecord.txt's.  shards_shuffled, tfrecord_shuffled, "
    "mindrecord_shuffled: in any order.\n"
    "tokens: windows of 1024 of tokens.bin in --data (docs/formats.md), shuffled, inputs and labels.\n"
    "weights: weights.pt in --data, opened and checked: every tensor is in memory.\n"
    "alexnet (batch 32, 227x227), small_cnn, resnet20 (128, 32x32; the recipe cifar10_resnet20): a "
    "training step.  --algorithm: how their convolutions are computed that have algorithm=auto; one "
    "that cannot is refused.\n"
    "Every byte of every batch is read.  memcpy_gb_s and store_gb_s are the roof: how fast one thread "
    "copies and fills memory, measured in the same run.";

typedef struct values {
    double v[MAX_RUNS];
    int n;
} values;

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

static int run_task(bench *b, values *timed, uint64_t least_seconds)
{
    double value = 0, start;
    int status = b->task->run(b, &value);

    start = cli_seconds();
    while (status == 0 && timed->n < MAX_RUNS &&
           (timed->n < MIN_RUNS || cli_seconds() - start < (double)least_seconds)) {
        status = b->task->run(b, &value);
        timed->v[timed->n++] = value;
    }
    return status;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int print_line(const bench *b, values *timed)
{
    const int n = timed->n;
    double load = 0, copied, filled;

    bench_roof(&copied, &filled);
    qsort(timed->v, (size_t)n, sizeof timed->v[0], ascending);
    (void)getloadavg(&load, 1);
    printf("{\"peer\": \"detpipe\", \"version\": \"%s\", \"task\": \"%s\", \"threads\": %u, "
           "\"%s\": %.4g, \"min\": %.4g, \"max\": %.4g, \"runs\": %d, ",
           DETPIPE_VERSION, b->task->name, b->threads, b->task->unit,
           (timed->v[(n - 1) / 2] + timed->v[n / 2]) / 2, timed->v[0], timed->v[n - 1], n);
    if (b->first_ms > 0)
        printf("\"first_ms\": %.4g, \"seek_ms\": %.4g, \"next_ms\": %.4g, ", b->first_ms,
               b->seek_ms, b->next_ms);
    printf("\"memcpy_gb_s\": %.3g, \"store_gb_s\": %.3g, ", copied, filled);
    printf("\"note\": \"load %.1f\"}\n", load);
    return EXIT_YES;
}

static int find_task(const char *name, const bench_task **out)
{
    char names[300] = "";
    size_t n = 0;

    for (size_t i = 0; i < N_TASKS; i++) {
        if (name != NULL && strcmp(tasks[i].name, name) == 0) {
            *out = &tasks[i];
            return 0;
        }
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s",
                              i == 0            ? ""
                              : i < N_TASKS - 1 ? ", "
                                                : " or ",
                              tasks[i].name);
    }
    return cli_fail(EXIT_MALFORMED, "bench: --task takes %s%s%s", names,
                    name != NULL ? ", not " : "", name != NULL ? name : "");
}

#define STREAMS "--task=raw", "--task=aug", "--task=resize227"
#define STEPS   "--task=alexnet", "--task=small_cnn", "--task=resnet20"
#define PHOTOS  "--task=photos", "--task=photos_snapshot", "--task=photos_eval", "--task=decode"
#define RECORDS                                                                                    \
    "--task=shards", "--task=shards_shuffled", "--task=tfrecord", "--task=tfrecord_shuffled",      \
        "--task=mindrecord", "--task=mindrecord_shuffled", "--task=tokens"
static const cli_need needs[] = {
    {"--data", {STREAMS, PHOTOS, RECORDS, "--task=skip", "--task=weights"}},
    {"--digests", {STREAMS, PHOTOS, RECORDS}},
    {"--algorithm", {STEPS}},
    {NULL, {NULL}}};

int cmd_bench(int argc, char **argv)
{
    static values timed;
    bench b = {0};
    const char *name = NULL;
    uint64_t threads = 1, seconds = 10;
    const cli_option options[] = {
        {"task", "TASK", "what to time", CLI_TEXT, &name},
        {"data", "DIR",
         "where CIFAR-10, photographs, tokens or weights are (default: working directory)",
         CLI_TEXT, &b.data},
        CLI_CACHE_OPTION,
        {"threads", "N", "threads, and CPUs that the process may use (default: 1)", CLI_COUNT,
         &threads},
        {"seconds", "N", "time at least so long (default: 10)", CLI_COUNT, &seconds},
        {"algorithm", "NAME", "of convolutions, in place of auto", CLI_TEXT, &b.algorithm},
        {"digests", NULL, "also make the digest of every batch", CLI_FLAG, &b.digests},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"bench", "--task TASK [OPTIONS]", about, options, 0, 0};
    int status = cli_parse(&command, argc, argv, NULL);

    if (status == 0)
        status = find_task(name, &b.task);
    if (status == 0)
        status = cli_check_needs(&command, argv, NULL, needs);
    if (status == 0 && (threads < 1 || threads > 1024))
        status = cli_fail(EXIT_MALFORMED, "bench: --threads takes 1 to 1024");
    if (status == 0) {
        keep_cpus(threads);
        b.threads = (uint32_t)threads;
        status = b.task->open(&b);
    }
    if (status == 0)
        status = run_task(&b, &timed, seconds);
    if (status == 0)
        status = print_line(&b, &timed);
    dp_net_close(b.net);
    dp_close(b.pipeline);
    return status;
}
