/* block_shuffle.h - blocks of rows in a random order, and the rows of so many blocks mixed
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For rows that lie in blocks which are fetched or unpacked whole: no more of them are wanted at a
 * time than a window has, and each is wanted for one window alone.  A row is computed from its
 * place, so there is no table, and seeking costs nothing.
 */
#ifndef LIBRARIES_BLOCK_SHUFFLE_H
#define LIBRARIES_BLOCK_SHUFFLE_H

#include "libraries/permute.h"

typedef struct dp_block_shuffle {
    uint64_t keyed;      /* the epoch of `blocks` and `last` + 1 */
    uint64_t windowed;   /* the window of `within` + 1, of that epoch */
    uint64_t last;       /* where among the blocks the last one comes, which may be shorter */
    dp_bijection blocks; /* the others */
    dp_bijection within; /* the rows of a window */
} dp_block_shuffle;

/* The row at a place of ask->rows, by ask->key, ask->epoch, ask->block and ask->window. */
uint64_t dp_block_shuffle_at(dp_block_shuffle *, const dp_ask *, uint64_t place);

#endif
