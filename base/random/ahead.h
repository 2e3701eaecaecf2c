/* ahead.h - random places in a large table, drawn ahead of their use
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RANDOM_AHEAD_H
#define BASE_RANDOM_AHEAD_H

#include <stdint.h>

/* The functions are compiled into their callers, with the generator. */
#define DP_AHEAD    32 /* draws */
#define DP_COMPILED static inline __attribute__((always_inline))

/* What is drawn for each of n steps is drawn ahead of them, in lots, a lot being drawn before the
 * one before it is used: so the rows that a step needs of a table larger than the caches are
 * fetched in time.  `draw` draws for as many steps from `done` on as it likes, 1 to `most`, and
 * says how many. */
typedef struct dp_drawn {
    uint32_t (*draw)(void *work, uint32_t done, uint32_t most, uint32_t *at);
    void (*use)(void *work, uint32_t done, uint32_t some, const uint32_t *at);
} dp_drawn;

DP_COMPILED uint32_t dp_most_ahead(uint32_t left) { return left < DP_AHEAD ? left : DP_AHEAD; }

DP_COMPILED void dp_drawn_ahead(uint32_t n, dp_drawn by, void *work)
{
    uint32_t lots[2][DP_AHEAD], some = 0, more;

    if (n > 0)
        some = by.draw(work, 0, dp_most_ahead(n), lots[0]);
    for (uint32_t done = 0, lot = 0; done < n; lot = 1 - lot) {
        const uint32_t left = n - done - some;
        more = left > 0 ? by.draw(work, done + some, dp_most_ahead(left), lots[1 - lot]) : 0;
        by.use(work, done, some, lots[lot]);
        done += some;
        some = more;
    }
}

/* Into the second-level cache, which can wait for more lines at once than the first. */
DP_COMPILED void dp_fetch_row(const uint32_t *row) { __builtin_prefetch(row, 0, 2); }

#endif
