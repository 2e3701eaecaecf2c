/* turn.c - arrays of floats, turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/operator.h"

/* [rows][cols] as [cols][rows]. */
static void transpose(const float *w, int64_t rows, int64_t cols, float *out)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < cols; j++)
            out[j * rows + i] = w[i * cols + j];
    }
}

typedef struct turn {
    int64_t rows, cols;
    const float *src;
    float *dst;
} turn;

static void turn_sample(void *ctx, uint64_t n)
{
    const turn *t = ctx;
    const int64_t first = (int64_t)n * t->rows * t->cols;

    transpose(t->src + first, t->rows, t->cols, t->dst + first);
}

void dp_channels_last(dp_workers *workers, int64_t n, int64_t channels, int64_t places,
                      const float *src, float *dst)
{
    turn t = {channels, places, src, dst};
    dp_workers_run(workers, (uint64_t)n, turn_sample, &t);
}

void dp_channels_first(dp_workers *workers, int64_t n, int64_t channels, int64_t places,
                       const float *src, float *dst)
{
    turn t = {places, channels, src, dst};
    dp_workers_run(workers, (uint64_t)n, turn_sample, &t);
}
