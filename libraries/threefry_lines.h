/* threefry_lines.h - the lines of threefry.c and its like: WORDS is the function's name
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * So many counters at once, in a form that compilers vectorize.
 */
#include "libraries/threefry.h"

#define LANES 64 /* the more, the less does an operation wait for the last one */

#define EACH for (int i = 0; i < LANES; i++)

static inline void four_rounds(uint32_t *high, uint32_t *low, int a, int b, int c, int d)
{
    EACH high[i] += low[i], low[i] = (low[i] << a | low[i] >> (32 - a)) ^ high[i];
    EACH high[i] += low[i], low[i] = (low[i] << b | low[i] >> (32 - b)) ^ high[i];
    EACH high[i] += low[i], low[i] = (low[i] << c | low[i] >> (32 - c)) ^ high[i];
    EACH high[i] += low[i], low[i] = (low[i] << d | low[i] >> (32 - d)) ^ high[i];
}

static inline void add_key(uint32_t *high, uint32_t *low, uint32_t a, uint32_t b)
{
    EACH high[i] += a, low[i] += b;
}

static void block(const uint32_t k[3], dp_threefry first, dp_threefry step, dp_threefry take,
                  uint32_t out[LANES])
{
    uint32_t high[LANES], low[LANES];

    EACH high[i] = first.high + (uint32_t)i * step.high + k[0];
    EACH low[i] = first.low + (uint32_t)i * step.low + k[1];
    four_rounds(high, low, 13, 15, 26, 6);
    add_key(high, low, k[1], k[2] + 1);
    four_rounds(high, low, 17, 29, 16, 24);
    add_key(high, low, k[2], k[0] + 2);
    four_rounds(high, low, 13, 15, 26, 6);
    add_key(high, low, k[0], k[1] + 3);
    four_rounds(high, low, 17, 29, 16, 24);
    add_key(high, low, k[1], k[2] + 4);
    four_rounds(high, low, 13, 15, 26, 6);
    add_key(high, low, k[2], k[0] + 5);
    EACH out[i] = (high[i] & take.high) ^ (low[i] & take.low);
}

static dp_threefry counter_at(dp_threefry first, dp_threefry step, uint32_t i)
{
    return (dp_threefry){first.high + i * step.high, first.low + i * step.low};
}

void WORDS(dp_threefry key, dp_threefry first, dp_threefry step, dp_threefry take, uint32_t n,
           uint32_t *out)
{
    const uint32_t k[3] = {key.high, key.low, key.high ^ key.low ^ 0x1BD11BDAu};
    uint32_t rest[LANES], done = 0;

    for (; n - done >= LANES; done += LANES)
        block(k, counter_at(first, step, done), step, take, out + done);
    if (done < n)
        block(k, counter_at(first, step, done), step, take, rest);
    for (uint32_t i = done; i < n; i++)
        out[i] = rest[i - done];
}
