/* turn.c - arrays of floats, turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/operator.h"

#define BLOCK 16 /* the floats of a cache line, in both directions */

void dp_transpose(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                  int64_t dst_row)
{
    for (int64_t i = 0; i < rows; i += BLOCK) {
        const int64_t end = i + BLOCK < rows ? i + BLOCK : rows;
        for (int64_t j = 0; j < cols; j++) {
            for (int64_t k = i; k < end; k++)
                dst[j * dst_row + k] = src[k * src_row + j];
        }
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

    dp_transpose(t->rows, t->cols, t->src + first, t->cols, t->dst + first, t->rows);
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
