/* turn.c - arrays of floats, turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/turn.h"

#include <string.h>

#define SIDE 4  /* of a square that is turned in registers */
#define LINE 16 /* floats of a cache line: so many are written side by side */

typedef float four __attribute__((vector_size(SIDE * sizeof(float))));

static void turn_square(const float *src, int64_t src_row, float *dst, int64_t dst_row)
{
    four r[SIDE], lo[2], hi[2];

    for (int i = 0; i < SIDE; i++)
        memcpy(&r[i], src + i * src_row, sizeof r[i]);
    for (int i = 0; i < 2; i++) {
        lo[i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 4, 1, 5);
        hi[i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 6, 3, 7);
    }
    r[0] = __builtin_shufflevector(lo[0], lo[1], 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(lo[0], lo[1], 2, 3, 6, 7);
    r[2] = __builtin_shufflevector(hi[0], hi[1], 0, 1, 4, 5);
    r[3] = __builtin_shufflevector(hi[0], hi[1], 2, 3, 6, 7);
    for (int i = 0; i < SIDE; i++)
        memcpy(dst + i * dst_row, &r[i], sizeof r[i]);
}

/* The first rows, a line's floats at most. */
static void turn_strip(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                       int64_t dst_row)
{
    const int64_t whole_rows = rows - rows % SIDE, whole_cols = cols - cols % SIDE;

    for (int64_t j = 0; j < whole_cols; j += SIDE) {
        for (int64_t i = 0; i < whole_rows; i += SIDE)
            turn_square(src + i * src_row + j, src_row, dst + j * dst_row + i, dst_row);
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = i < whole_rows ? whole_cols : 0; j < cols; j++)
            dst[j * dst_row + i] = src[i * src_row + j];
    }
}

void dp_transpose(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                  int64_t dst_row)
{
    for (int64_t i = 0; i < rows; i += LINE)
        turn_strip(i + LINE < rows ? LINE : rows - i, cols, src + i * src_row, src_row, dst + i,
                   dst_row);
}

#define PIECE 1024 /* places of a task */

/* Samples of `channels` by `places`, either of them last. */
typedef struct turn {
    int64_t channels, places;
    const float *src;
    float *dst;
    bool channels_last; /* afterwards */
} turn;

static int64_t pieces(int64_t places) { return (places + PIECE - 1) / PIECE; }

static void turn_piece(void *ctx, uint64_t index)
{
    const turn *t = ctx;
    const int64_t sample = (int64_t)index / pieces(t->places) * t->channels * t->places,
                  first = (int64_t)index % pieces(t->places) * PIECE,
                  n = t->places - first < PIECE ? t->places - first : PIECE,
                  by_channel = sample + first, by_place = sample + first * t->channels;

    if (t->channels_last)
        dp_transpose(t->channels, n, t->src + by_channel, t->places, t->dst + by_place,
                     t->channels);
    else
        dp_transpose(n, t->channels, t->src + by_place, t->channels, t->dst + by_channel,
                     t->places);
}

void dp_channels_last(dp_workers *workers, int64_t n, int64_t channels, int64_t places,
                      const float *src, float *dst)
{
    turn t = {channels, places, src, dst, true};
    dp_workers_run(workers, (uint64_t)(n * pieces(places)), turn_piece, &t);
}

void dp_channels_first(dp_workers *workers, int64_t n, int64_t channels, int64_t places,
                       const float *src, float *dst)
{
    turn t = {channels, places, src, dst, false};
    dp_workers_run(workers, (uint64_t)(n * pieces(places)), turn_piece, &t);
}
