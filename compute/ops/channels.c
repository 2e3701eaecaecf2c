/* channels.c - sums over all but the channels of [n, channels, ...]
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/channels.h"

#define SIDE_BY_SIDE 8 /* channels of a task: each sum is one long chain */

dp_status dp_channels_of(const dp_op_plan *plan, size_t input, dp_channels *c, dp_error *err)
{
    const dp_tensor *t = &plan->in[input];

    if (t->dtype != DP_F32 || t->rank < 2 || dp_tensor_count(t) == 0)
        return dp_fail(err, DP_EINVAL, "float32[n, channels, ...] is expected, not %s",
                       dp_tensor_type(t).text);
    *c = (dp_channels){t->shape[0], t->shape[1], 1};
    for (int32_t d = 2; d < t->rank; d++)
        c->places *= t->shape[d];
    return DP_OK;
}

/* The places of one sample, of m channels from `at` on. */
static void add_squares(const dp_channel_sums *s, int64_t at, int64_t m, dp_leaf_sums *sums)
{
    const float *x = s->x + at;

    for (int64_t i = 0; i < s->c.places; i++) {
        for (int64_t j = 0; j < m; j++) {
            const double v = (double)x[j * s->c.places + i];
            sums->sum[j] += v;
            sums->sum[SIDE_BY_SIDE + j] += v * v;
        }
    }
}

static void add_products(const dp_channel_sums *s, int64_t at, int64_t channel, int64_t m,
                         dp_leaf_sums *sums)
{
    const float *x = s->x + at, *dy = s->dy + at;

    for (int64_t i = 0; i < s->c.places; i++) {
        for (int64_t j = 0; j < m; j++) {
            const int64_t e = j * s->c.places + i;
            const float h = (x[e] - s->mean[channel + j]) * s->r[channel + j];
            sums->sum[j] += (double)dy[e];
            sums->sum[SIDE_BY_SIDE + j] += (double)dy[e] * (double)h;
        }
    }
}

static void sum_channels(void *ctx, uint64_t index)
{
    const dp_channel_sums *s = ctx;
    const int64_t first = (int64_t)index * SIDE_BY_SIDE, left = s->c.channels - first;
    const int64_t m = left < SIDE_BY_SIDE ? left : SIDE_BY_SIDE;
    const double *total;
    dp_leaf_sums sums;

    dp_leaf_sums_begin(&sums, 2 * SIDE_BY_SIDE);
    for (int64_t n = 0; n < s->c.n; n++) {
        const int64_t at = (n * s->c.channels + first) * s->c.places;
        if (s->dy == NULL)
            add_squares(s, at, m, &sums);
        else
            add_products(s, at, first, m, &sums);
        if ((n + 1) % s->leaf_size == 0 || n + 1 == s->c.n)
            dp_leaf_sums_end_leaf(&sums);
    }
    total = dp_leaf_sums_total(&sums);
    for (int64_t j = 0; j < m; j++) {
        s->first[first + j] = (float)total[j];
        s->second[first + j] = (float)total[SIDE_BY_SIDE + j];
    }
}

void dp_channel_sums_run(const dp_channel_sums *s, dp_workers *workers)
{
    dp_channel_sums copy = *s;
    dp_workers_run(workers, (uint64_t)((s->c.channels + SIDE_BY_SIDE - 1) / SIDE_BY_SIDE),
                   sum_channels, &copy);
}
