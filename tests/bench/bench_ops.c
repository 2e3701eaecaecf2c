/* bench_ops.c - how long an operator takes
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     bench_ops THREADS forward|backward TEXT INPUT...
 * An input is "f:2,3,4" (float32 in (0, 1)), "i7:5" (int32 below 7) or "b:9,3" (bool).  Prints the
 * median of at least 7 runs and half a second, in ms.  tools/scripts/bench/ops.py runs it beside
 * PyTorch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "detpipe_ops.h"

#define MOST_RUNS 2000

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int refuse(const char *why)
{
    fprintf(stderr, "bench_ops: %s\n", why);
    return 3;
}

/* The type of an input, and its elements. */
static dp_tensor make(const char *text)
{
    dp_tensor t = {NULL, text[0] == 'f' ? DP_F32 : text[0] == 'i' ? DP_I32 : DP_BOOL, 0, {0}};
    const uint32_t limit = text[0] == 'i' ? (uint32_t)strtoul(text + 1, NULL, 10) : 2;
    const char *at = strchr(text, ':');
    size_t n = 1;
    uint32_t random = 1;

    while (at != NULL && t.rank < DP_MAX_RANK && at[1] != '\0') {
        t.shape[t.rank] = (int64_t)strtoll(at + 1, NULL, 10);
        n *= (size_t)t.shape[t.rank++];
        at = strchr(at + 1, ',');
    }
    t.data = malloc(n * dp_dtype_size(t.dtype) + 1);
    for (size_t i = 0; i < n; i++) {
        random = random * 1664525u + 1013904223u;
        if (t.dtype == DP_F32)
            ((float *)t.data)[i] = (float)((random >> 8) + 1) * 0x1p-25f;
        else if (t.dtype == DP_I32)
            ((int32_t *)t.data)[i] = (int32_t)((random >> 8) % limit);
        else
            ((uint8_t *)t.data)[i] = (uint8_t)(random >> 31);
    }
    return t;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double ms[MOST_RUNS];
    dp_tensor in[16];
    dp_options options = {.size = sizeof options};
    size_t n = 0;
    int runs = 0;
    dp_error err;
    dp_op *op;

    if (argc < 5 || argc > 4 + 16)
        return refuse("bench_ops THREADS forward|backward TEXT INPUT...");
    options.threads = (uint32_t)strtoul(argv[1], NULL, 10);
    for (int i = 4; i < argc; i++)
        in[n++] = make(argv[i]);
    if (dp_op_open(&op, argv[3], strcmp(argv[2], "backward") == 0 ? DP_BACKWARD : DP_FORWARD, in, n,
                   &options, &err) != DP_OK)
        return refuse(err.message);
    for (const double start = now(); runs < MOST_RUNS && (runs < 8 || now() - start < 0.5);
         runs++) {
        const double begin = now();
        if (dp_op_run(op, in, &err) != DP_OK)
            return refuse(err.message);
        ms[runs] = 1e3 * (now() - begin);
    }
    qsort(ms + 1, (size_t)runs - 1, sizeof ms[0], ascending); /* the first is not counted */
    printf("%.4f\n", ms[1 + (runs - 1) / 2]);
    dp_op_close(op);
    for (size_t i = 0; i < n; i++)
        free(in[i].data);
    return 0;
}
