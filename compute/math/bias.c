/* bias.c - a number added to every place of a channel, and its gradient
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/bias.h"

#include <string.h>

typedef struct bias {
    const dp_kernels *kernels;
    int64_t n, size, channels, leaf; /* size: floats of a sample */
    const float *b, *dy;
    float *y;
    double *sums; /* [leaves][channels] */
} bias;

static void add_sample(void *ctx, uint64_t sample)
{
    const bias *t = ctx;

    t->kernels->add_to_rows(t->size / t->channels, t->channels, t->y + (int64_t)sample * t->size,
                            t->channels, t->b);
}

void dp_bias_add(const dp_math_run *r, int64_t places, int64_t channels, const float *b, float *y)
{
    bias t = {
        .kernels = r->kernels, .size = places * channels, .channels = channels, .b = b, .y = y};
    dp_workers_run(r->workers, (uint64_t)r->n, add_sample, &t);
}

static void sum_leaf(void *ctx, uint64_t leaf)
{
    const bias *t = ctx;
    const int64_t first = (int64_t)leaf * t->leaf,
                  last = first + t->leaf < t->n ? first + t->leaf : t->n;
    double *sum = t->sums + (int64_t)leaf * t->channels;

    memset(sum, 0, sizeof *sum * (size_t)t->channels);
    t->kernels->column_sum((last - first) * (t->size / t->channels), t->channels,
                           t->dy + first * t->size, t->channels, sum);
}

size_t dp_bias_workspace(int64_t n, int64_t channels)
{
    const double floats = 2.0 * (double)n * (double)channels;
    return floats < 0x1p60 ? (size_t)floats : SIZE_MAX;
}

void dp_bias_gradient(const dp_math_run *r, dp_share *share, int64_t places, int64_t channels,
                      const float *dy, float *db)
{
    double *sums = (double *)(void *)r->workspace;
    bias t = {.kernels = r->kernels,
              .n = share->n,
              .size = places * channels,
              .channels = channels,
              .leaf = share->leaf,
              .dy = dy,
              .sums = sums};

    dp_workers_run(r->workers, (uint64_t)dp_share_leaves(share), sum_leaf, &t);
    dp_share_sum(share, sums, channels);
    for (int64_t c = 0; c < channels; c++)
        db[c] = (float)sums[c];
}
