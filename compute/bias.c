/* bias.c - a number added to every place of a channel, and its gradient
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "compute/conv.h"
#include "compute/tree.h"

#define CHANNELS 32 /* of a task: whole lines of the cache */

typedef struct bias {
    int64_t n, places, channels, leaf;
    const float *b, *dy;
    float *y, *db;
} bias;

static void add_sample(void *ctx, uint64_t sample)
{
    const bias *t = ctx;
    float *y = t->y + (int64_t)sample * t->places * t->channels;

    for (int64_t p = 0; p < t->places; p++, y += t->channels) {
        for (int64_t c = 0; c < t->channels; c++)
            y[c] += t->b[c];
    }
}

void dp_bias_add(dp_workers *workers, int64_t n, int64_t places, int64_t channels, const float *b,
                 float *y)
{
    bias t = {.n = n, .places = places, .channels = channels, .b = b, .y = y};
    dp_workers_run(workers, (uint64_t)n, add_sample, &t);
}

static void sum_leaf(const bias *t, int64_t first, int64_t c0, int64_t n_channels, double *sum)
{
    const int64_t last = first + t->leaf < t->n ? first + t->leaf : t->n;
    const float *dy = t->dy + first * t->places * t->channels + c0;

    memset(sum, 0, sizeof *sum * CHANNELS);
    for (int64_t i = 0; i < (last - first) * t->places; i++, dy += t->channels) {
        for (int64_t c = 0; c < n_channels; c++)
            sum[c] += (double)dy[c];
    }
}

static void add(double *left, const double *right)
{
    for (int c = 0; c < CHANNELS; c++)
        left[c] += right[c];
}

static void gradient_block(void *ctx, uint64_t index)
{
    const bias *t = ctx;
    const int64_t c0 = (int64_t)index * CHANNELS,
                  n_channels = t->channels - c0 < CHANNELS ? t->channels - c0 : CHANNELS;
    double tree[DP_TREE_DEPTH + 1][CHANNELS];
    int64_t depth = 0, number = 0;

    for (int64_t first = 0; first < t->n; first += t->leaf, number++) {
        sum_leaf(t, first, c0, n_channels, tree[depth++]);
        for (int m = dp_tree_merges(number); m > 0; m--, depth--)
            add(tree[depth - 2], tree[depth - 1]);
    }
    for (; depth > 1; depth--)
        add(tree[depth - 2], tree[depth - 1]);
    for (int64_t c = 0; c < n_channels; c++)
        t->db[c0 + c] = (float)tree[0][c];
}

void dp_bias_gradient(dp_workers *workers, int64_t n, int64_t places, int64_t channels,
                      int64_t leaf, const float *dy, float *db)
{
    bias t = {.n = n, .places = places, .channels = channels, .leaf = leaf, .dy = dy, .db = db};
    dp_workers_run(workers, (uint64_t)((channels + CHANNELS - 1) / CHANNELS), gradient_block, &t);
}
