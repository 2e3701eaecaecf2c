/* block_shuffle.c - blocks of rows in a random order, and the rows of so many blocks mixed
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  The last block, which lacks some rows where they fill no whole number of
 * blocks, is drawn a place of its own; the others are put in order around it.
 */
#include "libraries/block_shuffle.h"

/* Ordinals of the stage's draws in an epoch; window w has WINDOWS + w. */
enum { BLOCKS, LAST, WINDOWS };

static void start_epoch(dp_block_shuffle *s, const dp_ask *ask, uint64_t n_blocks)
{
    if (s->keyed == ask->epoch + 1)
        return;
    dp_bijection_start(&s->blocks, n_blocks, ask->key, ask->epoch, LAST);
    s->last = dp_bijection_at(&s->blocks, 0);
    dp_bijection_start(&s->blocks, n_blocks - 1, ask->key, ask->epoch, BLOCKS);
    s->keyed = ask->epoch + 1;
    s->windowed = 0;
}

static void start_window(dp_block_shuffle *s, const dp_ask *ask, uint64_t window, uint64_t rows)
{
    if (s->windowed != window + 1)
        dp_bijection_start(&s->within, rows, ask->key, ask->epoch, WINDOWS + window);
    s->windowed = window + 1;
}

uint64_t dp_block_shuffle_at(dp_block_shuffle *s, const dp_ask *ask, uint64_t place)
{
    const uint64_t n_blocks = (ask->rows - 1) / ask->block + 1;
    const uint64_t lacks = n_blocks * ask->block - ask->rows, size = ask->window * ask->block;
    uint64_t window, first, n, row, at;
    bool has_last;

    start_epoch(s, ask, n_blocks);
    /* Behind the window that has the last block, places are as if that were whole. */
    if (place + lacks >= (s->last / ask->window + 1) * size)
        place += lacks;
    window = place / size;
    first = window * ask->window;
    n = n_blocks - first < ask->window ? n_blocks - first : ask->window;
    has_last = s->last / ask->window == window;
    start_window(s, ask, window, n * ask->block - (has_last ? lacks : 0));
    row = dp_bijection_at(&s->within, place % size);
    at = first + row / ask->block;
    /* In its window the last block stands at the end, so that no row but the last ones lack. */
    if (has_last && at == first + n - 1)
        at = s->last;
    else if (has_last && at == s->last)
        at = first + n - 1;
    at = at == s->last ? n_blocks - 1 : dp_bijection_at(&s->blocks, at - (at > s->last));
    return at * ask->block + row % ask->block;
}
