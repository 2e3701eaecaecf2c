/* bench_stream.c - streams of CIFAR-10 and of photographs: every byte of every batch is read, as a
 * trainer would
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "tools/commands/bench.h"
#include "tools/cli/cli.h"
#include "tools/cli/element.h"

#define SKIP_TO 312 /* the step whose batch of 128 holds record 40,000 */

/* One thread of the process makes and takes batches; more make them ahead. */
int bench_open_stream(bench *b)
{
    dp_options options = cli_options();
    dp_error err;

    options.root = b->data;
    options.threads = b->threads;
    options.prefetch = b->threads > 1 ? 2 : 0;
    options.digests = b->digests;
    if (dp_open(&b->pipeline, b->task->spec, 1, &options, &err) == DP_OK)
        return 0;
    cli_fail_error(&err, b->task->spec);
    if (b->data == NULL)
        fputs("  --data DIR names the folder of the data set\n", stderr);
    return EXIT_NOT_TRIED;
}

static uint64_t sum_words(const dp_tensor *t)
{
    const uint64_t *words = t->data;
    const size_t n = element_count(t) * dp_dtype_size(t->dtype);
    uint64_t sums[8] = {0};

    for (size_t i = 0; i + 8 <= n / 8; i += 8) {
        for (size_t j = 0; j < 8; j++)
            sums[j] += words[i + j];
    }
    for (size_t i = n / 64 * 8; i < n / 8; i++)
        sums[0] += words[i];
    for (size_t j = 1; j < 8; j++)
        sums[0] += sums[j];
    return sums[0];
}

/* The next batch, read whole; the sum keeps the reading from being optimized away. */
static int take_batch(bench *b, uint64_t *sum)
{
    uint8_t digest[16];
    const char *name;
    dp_error err;

    if (dp_next(b->pipeline, &b->batch, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    if (b->digests)
        dp_batch_digest(b->batch, digest);
    for (size_t c = 0; (name = dp_column_name(b->pipeline, c)) != NULL; c++)
        *sum += sum_words(dp_batch_get(b->batch, name));
    return 0;
}

int bench_run_stream(bench *b, double *value)
{
    const double start = cli_seconds();
    uint64_t sum = 0, images = 0;
    dp_info info = {.size = sizeof info};
    dp_error err;
    int status = 0;

    if (dp_get_info(b->pipeline, &info, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    while (images < b->task->images && status == 0) {
        status = take_batch(b, &sum);
        images += info.batch_rows;
    }
    *value = (double)images / (cli_seconds() - start) + (sum == 1 ? 1e-9 : 0);
    return status;
}

static void close_stream(bench *b)
{
    dp_close(b->pipeline);
    b->pipeline = NULL;
    b->batch = NULL;
}

/* The time from opening to the batch of a step. */
static int time_opening(bench *b, uint64_t step, double *ms)
{
    const double start = cli_seconds();
    uint64_t sum = 0;
    dp_error err;
    int status = bench_open_stream(b);

    if (status == 0 && dp_skip(b->pipeline, step, &err) != DP_OK)
        status = cli_fail_error(&err, NULL);
    if (status == 0)
        status = take_batch(b, &sum);
    *ms = 1e3 * (cli_seconds() - start) + (sum == 1 ? 1e-9 : 0);
    close_stream(b);
    return status;
}

/* On a handle that is open: one batch after a seek, and the one after it, the least of some. */
static int time_seeking(bench *b)
{
    int status = bench_open_stream(b);
    uint64_t sum = 0;
    dp_error err;

    b->seek_ms = b->next_ms = INFINITY;
    for (int i = 0; i < 32 && status == 0; i++) {
        const double start = cli_seconds();
        double middle, end;
        if (dp_seek(b->pipeline, i % 2 == 0 ? SKIP_TO : 0, &err) != DP_OK)
            return cli_fail_error(&err, NULL);
        status = take_batch(b, &sum);
        middle = cli_seconds();
        if (status == 0)
            status = take_batch(b, &sum);
        end = cli_seconds() + (sum == 1 ? 1e-9 : 0);
        b->seek_ms = fmin(b->seek_ms, 1e3 * (middle - start));
        b->next_ms = fmin(b->next_ms, 1e3 * (end - middle));
    }
    close_stream(b);
    return status;
}

int bench_open_skip(bench *b)
{
    double ms = 0;
    int status = time_opening(b, 0, &ms);

    if (status == 0)
        status = time_opening(b, 0, &b->first_ms);
    return status == 0 ? time_seeking(b) : status;
}

int bench_run_skip(bench *b, double *value) { return time_opening(b, SKIP_TO, value); }
