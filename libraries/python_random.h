/* python_random.h - Python's random.Random(seed), CPython 3.2 and later
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_PYTHON_RANDOM_H
#define LIBRARIES_PYTHON_RANDOM_H

#include "base/random/mt19937.h"

static inline void dp_python_seed(dp_mt19937 *g, uint64_t seed)
{
    const uint32_t words[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};

    dp_mt19937_seed_words(g, words, words[1] == 0 ? 1 : 2);
}

/* randrange(n) of 1 <= n < 2^32: so many high bits as n has, drawn again while they are n or more.
 */
static inline uint32_t dp_python_below(void *g, uint32_t n)
{
    const int unused = __builtin_clz(n);
    uint32_t i;

    do
        i = dp_mt19937_u32(g) >> unused;
    while (i >= n);
    return i;
}

#endif
