/* blake_rounds.h - what BLAKE2b does to a block, in whatever a MIX of its includer works on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BLAKE_ROUNDS_H
#define BASE_BLAKE_ROUNDS_H

#include <stddef.h>
#include <stdint.h>

#define DP_BLAKE_BLOCK 128 /* bytes */

static const uint64_t dp_blake_words[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t dp_blake_order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/* Its number is a constant, so that the places of its words are (twice as fast as a loop). */
#define DP_BLAKE_ROUND(r)                                                                          \
    do {                                                                                           \
        MIX(0, 4, 8, 12, m[dp_blake_order[r][0]], m[dp_blake_order[r][1]]);                        \
        MIX(1, 5, 9, 13, m[dp_blake_order[r][2]], m[dp_blake_order[r][3]]);                        \
        MIX(2, 6, 10, 14, m[dp_blake_order[r][4]], m[dp_blake_order[r][5]]);                       \
        MIX(3, 7, 11, 15, m[dp_blake_order[r][6]], m[dp_blake_order[r][7]]);                       \
        MIX(0, 5, 10, 15, m[dp_blake_order[r][8]], m[dp_blake_order[r][9]]);                       \
        MIX(1, 6, 11, 12, m[dp_blake_order[r][10]], m[dp_blake_order[r][11]]);                     \
        MIX(2, 7, 8, 13, m[dp_blake_order[r][12]], m[dp_blake_order[r][13]]);                      \
        MIX(3, 4, 9, 14, m[dp_blake_order[r][14]], m[dp_blake_order[r][15]]);                      \
    } while (0)

#define DP_BLAKE_ROUNDS                                                                            \
    do {                                                                                           \
        DP_BLAKE_ROUND(0);                                                                         \
        DP_BLAKE_ROUND(1);                                                                         \
        DP_BLAKE_ROUND(2);                                                                         \
        DP_BLAKE_ROUND(3);                                                                         \
        DP_BLAKE_ROUND(4);                                                                         \
        DP_BLAKE_ROUND(5);                                                                         \
        DP_BLAKE_ROUND(6);                                                                         \
        DP_BLAKE_ROUND(7);                                                                         \
        DP_BLAKE_ROUND(8);                                                                         \
        DP_BLAKE_ROUND(9);                                                                         \
        DP_BLAKE_ROUND(0);                                                                         \
        DP_BLAKE_ROUND(1);                                                                         \
    } while (0)

#endif
