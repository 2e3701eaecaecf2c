/* bench_tokens.c - shuffled windows of tokens, beside a bare gather
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_tokens FILE.bin [LENGTH [ROUNDS]]: CPU time of one thread per window, of llm.c's uint16
 * files, batches of 64, every byte read.  `gather` copies the windows out of a mapped file, as
 * int32 inputs and labels like `detpipe`; `memcpy` copies their bytes and makes nothing of them.
 * Every round measures all, in turn; printed are the medians, and those of the ratios to detpipe of
 * the same round.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "detpipe.h"

enum { BATCH = 64, BATCHES = 256, HEADER = 512, MOST_ROUNDS = 99 };

typedef struct bench {
    const uint16_t *tokens;
    uint64_t length, windows, at;
    uint32_t *order;
    int32_t *input, *label;
    uint16_t *bytes;
    dp_pipeline *pipeline;
    dp_batch *batch;
    uint64_t sum;
} bench;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(int fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "bench_tokens: %s\n", what);
    exit(1);
}

static void look(bench *b, const void *bytes, uint64_t n)
{
    const uint64_t *words = bytes;
    uint64_t sums[8] = {0};

    for (uint64_t i = 0; i + 8 <= n / 8; i += 8) {
        for (int j = 0; j < 8; j++)
            sums[j] += words[i + (uint64_t)j];
    }
    for (int j = 0; j < 8; j++)
        b->sum += sums[j];
}

static const uint16_t *next_window(bench *b)
{
    const uint16_t *window = b->tokens + b->order[b->at] * b->length;

    b->at = b->at + 1 == b->windows ? 0 : b->at + 1;
    return window;
}

static void gather(bench *b)
{
    for (uint64_t i = 0; i < BATCH; i++) {
        const uint16_t *window = next_window(b);
        int32_t *input = b->input + i * b->length, *label = b->label + i * b->length;
        for (uint64_t t = 0; t < b->length; t++)
            input[t] = window[t];
        for (uint64_t t = 0; t < b->length; t++)
            label[t] = window[t + 1];
    }
    look(b, b->input, BATCH * b->length * 4);
    look(b, b->label, BATCH * b->length * 4);
}

static void copy(bench *b)
{
    for (uint64_t i = 0; i < BATCH; i++)
        memcpy(b->bytes + i * (b->length + 1), next_window(b), (b->length + 1) * 2);
    look(b, b->bytes, BATCH * (b->length + 1) * 2);
}

static void deliver(bench *b)
{
    dp_error err;

    need(dp_next(b->pipeline, &b->batch, &err) == DP_OK, err.message);
    look(b, dp_batch_get(b->batch, "input")->data, BATCH * b->length * 4);
    look(b, dp_batch_get(b->batch, "label")->data, BATCH * b->length * 4);
}

/* Nanoseconds of a window. */
static double measure(bench *b, void (*take)(bench *))
{
    const double start = now();

    for (int i = 0; i < BATCHES; i++)
        take(b);
    return 1e9 * (now() - start) / (BATCHES * BATCH);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, ascending);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static void open_bench(bench *b, const char *path)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    const int fd = open(path, O_RDONLY);
    uint64_t x = 88172645463325252u;
    char text[500];
    struct stat st;
    dp_error err;

    need(fd >= 0 && fstat(fd, &st) == 0, "cannot open the file");
    b->tokens = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    need(b->tokens != MAP_FAILED, "cannot map the file");
    b->tokens += HEADER;
    b->windows = ((uint64_t)st.st_size / 2 - HEADER - 1) / b->length;
    b->order = malloc(b->windows * sizeof *b->order);
    b->input = aligned_alloc(64, BATCH * b->length * 4);
    b->label = aligned_alloc(64, BATCH * b->length * 4);
    b->bytes = aligned_alloc(64, BATCH * (b->length + 1) * 2);
    need(b->order && b->input && b->label && b->bytes, "out of memory");
    for (uint32_t i = 0; i < b->windows; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        b->order[i] = b->order[x % (i + 1)];
        b->order[x % (i + 1)] = i;
    }
    snprintf(text, sizeof text,
             "tokens file=%s length=%d vocab_size=50257 | project columns=input,label | shuffle"
             " | batch batch_size=%d drop_remainder=true | repeat",
             path, (int)b->length, BATCH);
    need(dp_open(&b->pipeline, text, 1, &options, &err) == DP_OK, err.message);
}

int main(int argc, char **argv)
{
    static void (*const takers[])(bench *) = {deliver, gather, copy};
    static const char *const names[] = {"detpipe", "gather", "memcpy"};
    static double ns[3][MOST_ROUNDS], ratio[3][MOST_ROUNDS];
    const int rounds = argc > 3 ? atoi(argv[3]) : 21;
    bench b = {.length = argc > 2 ? (uint64_t)atoi(argv[2]) : 1024};

    need(argc > 1 && rounds > 0 && rounds <= MOST_ROUNDS, "FILE.bin [LENGTH [ROUNDS]]");
    open_bench(&b, argv[1]);
    for (int i = 0; i < 3; i++)
        measure(&b, takers[i]);
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < 3; i++) {
            ns[i][r] = measure(&b, takers[i]);
            ratio[i][r] = ns[i][r] / ns[0][r];
        }
    }
    for (int i = 0; i < 3; i++)
        printf("%-8s %8.0f ns a window of %d, detpipe's speed is %.2f of it\n", names[i],
               median(ns[i], rounds), (int)b.length, median(ratio[i], rounds));
    return b.sum == 1;
}
