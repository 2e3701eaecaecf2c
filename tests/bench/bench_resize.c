/* bench_resize.c - how fast pictures are resized, a task of bench_resize.py
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_resize INTERPOLATION: for each line of its input it takes ROWS images of 375x500 RGB to
 * 224x224, antialias=true, in one thread, and prints the CPU's nanoseconds for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detpipe.h"

#define HEIGHT 375
#define WIDTH  500
#define IMAGES 4
#define ROWS   5

static uint8_t noise[IMAGES * HEIGHT * WIDTH * 3];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void check(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "bench_resize: %s\n", err->message);
    exit(2);
}

int main(int argc, char **argv)
{
    const dp_array arrays[] = {{"image", {noise, DP_U8, 4, {IMAGES, HEIGHT, WIDTH, 3}}}, {0}};
    const dp_options options = {.size = sizeof options, .threads = 1, .arrays = arrays};
    dp_pipeline *p = NULL;
    dp_batch *b = NULL;
    dp_error err;
    char text[200];
    uint32_t x = 1;

    for (size_t i = 0; i < sizeof noise; i++) {
        x = x * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(x >> 24);
    }
    snprintf(text, sizeof text,
             "memory | resize size=224,224 interpolation=%s antialias=true | repeat",
             argc > 1 ? argv[1] : "linear");
    check(dp_open(&p, text, 1, &options, &err), &err);
    while (getchar() != EOF) {
        const double start = now();
        for (int i = 0; i < ROWS; i++)
            check(dp_next(p, &b, &err), &err);
        printf("%.0f\n", (now() - start) / ROWS);
        fflush(stdout);
    }
    dp_close(p);
    return 0;
}
