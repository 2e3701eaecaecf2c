/* index_shuffle.h - the row of a place without a table, as TensorFlow and Grain compute it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_INDEX_SHUFFLE_H
#define LIBRARIES_INDEX_SHUFFLE_H

#include "libraries/library.h"

/* Four rounds of the cipher Simon on the least even number of bits, 16 or more, whose power of two
 * is not below rows - 1, walked until the value is one of the rows.  It is no permutation of 2^k +
 * 1 rows, k even and 16 or more: there are 2^k values then, so place 2^k goes where place 0 goes.
 */
typedef struct dp_index_shuffle {
    uint64_t keyed; /* the epoch of the keys + 1 */
    uint32_t half;  /* bits of each half; of more those of a key do not matter */
    uint32_t keys[4];
} dp_index_shuffle;

uint32_t dp_index_shuffle_half(uint64_t rows);
uint64_t dp_index_shuffle_at(const dp_index_shuffle *, uint64_t rows, uint64_t place);

static inline uint32_t dp_index_shuffle_turn(uint32_t x, uint32_t by, uint32_t bits)
{
    return (uint32_t)((uint64_t)x << by | x >> (bits - by));
}

#endif
