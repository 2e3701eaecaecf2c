/* std_random.c - the distributions of libstdc++ (GCC 10 and older) over mt19937
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/std_random.h"

uint32_t dp_std_uniform_int(dp_mt19937 *g, uint32_t most)
{
    uint32_t scaling, limit, x;

    if (most == UINT32_MAX)
        return dp_mt19937_u32(g);
    scaling = UINT32_MAX / (most + 1);
    limit = (most + 1) * scaling;
    do
        x = dp_mt19937_u32(g);
    while (x >= limit);
    return x / scaling;
}

double dp_std_canonical(dp_mt19937 *g)
{
    const double low = dp_mt19937_u32(g), high = dp_mt19937_u32(g);
    const double r = (low + high * 0x1p32) * 0x1p-64;

    return r < 1 ? r : 0x1.fffffffffffffp-1;
}

float dp_std_canonical_float(dp_mt19937 *g)
{
    const float r = (float)dp_mt19937_u32(g) * 0x1p-32f;

    return r < 1 ? r : 0x1.fffffep-1f;
}

bool dp_std_bernoulli(dp_mt19937 *g, double p) { return dp_std_canonical(g) < p; }

static void swap(uint32_t *v, uint32_t i, uint32_t j)
{
    const uint32_t kept = v[i];

    v[i] = v[j];
    v[j] = kept;
}

/* Two swaps a draw, as long as a draw has room for two places. */
static void shuffle_in_pairs(uint32_t *v, uint32_t n, dp_mt19937 *g)
{
    uint32_t i = 1;

    if (n % 2 == 0)
        swap(v, i++, dp_std_uniform_int(g, 1));
    for (; i < n; i += 2) {
        const uint32_t x = dp_std_uniform_int(g, (i + 1) * (i + 2) - 1);
        swap(v, i, x / (i + 2));
        swap(v, i + 1, x % (i + 2));
    }
}

void dp_std_shuffle(uint32_t *v, uint32_t n, dp_mt19937 *g)
{
    if (n == 0)
        return;
    if (UINT32_MAX / n >= n) {
        shuffle_in_pairs(v, n, g);
        return;
    }
    for (uint32_t i = 1; i < n; i++)
        swap(v, i, dp_std_uniform_int(g, i));
}
