/* index_shuffle.c - the row of a place without a table, as TensorFlow and Grain compute it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "libraries/index_shuffle.h"

uint32_t dp_index_shuffle_half(uint64_t rows)
{
    uint32_t bits = 16;

    while (bits < 64 && rows - 1 > (uint64_t)1 << bits)
        bits += 2;
    return bits / 2;
}

static uint32_t mix(uint32_t x, uint32_t bits)
{
    return (dp_index_shuffle_turn(x, 1, bits) & dp_index_shuffle_turn(x, 8, bits)) ^
           dp_index_shuffle_turn(x, 2, bits);
}

uint64_t dp_index_shuffle_at(const dp_index_shuffle *s, uint64_t rows, uint64_t place)
{
    const uint32_t half = s->half, mask = UINT32_MAX >> (32 - half);

    if (rows == 1)
        return 0;
    do {
        uint32_t low = (uint32_t)place & mask, high = (uint32_t)(place >> half) & mask;
        for (int round = 0; round < 4; round += 2) {
            high ^= (mix(low, half) ^ s->keys[round]) & mask;
            low ^= (mix(high, half) ^ s->keys[round + 1]) & mask;
        }
        place = (uint64_t)high << half | low;
    } while (place >= rows);
    return place;
}
